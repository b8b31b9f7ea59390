"""Every frozen type of wbuild, by when it comes to be.

`written`   what people write in wbuild.toml
`shipped`   what recipes say: tools, languages, runtimes, the optimizer
`locked`    what was chosen: pins, the lock
`planned`   what would run: words, steps, the plan
`happened`  what ran and what came out: results, measurements, the report
"""
