"""From a driver's Python to the typed intermediate form: names, types, constants, ownership; errors with their places."""
