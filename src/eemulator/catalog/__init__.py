"""What the emulator serves: assets, and where their pixels come from."""
