"""Every frozen type of wbuild, by when it comes to be.

`written`   what people write in wbuild.toml
`shipped`   what recipes say, as a catalogue; `tool_recipe`, `language_recipe`, `host_recipe` are its parts
`locked`    what was chosen: pins, the lock
`planned`   what would run: words, steps, the plan
`happened`  what ran and what came out: results, measurements, the report
"""
