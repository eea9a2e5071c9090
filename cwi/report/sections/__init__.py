"""The parts of the official report, a module each: what it says and the numbers it says it with."""
