"""From wbuild.toml and its members to a `Manifest`. Pure."""
