"""From a manifest, a lock, a catalogue and a tree to a `Plan`. Pure."""
