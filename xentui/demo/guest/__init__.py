"""The operating system inside the demo's guests: a boot, a login, a shell and a handful of commands."""
