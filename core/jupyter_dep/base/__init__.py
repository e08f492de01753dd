"""What every layer may use: errors, progress, escaping, TOML, the engine's port."""
