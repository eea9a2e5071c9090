"""The sections of the official report, a module each."""
