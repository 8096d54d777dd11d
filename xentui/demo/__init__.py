"""A simulated dom0 behind a real ``xl``-compatible executable.

`host.DemoHost` fills a directory (`install`, `paths`) and starts a daemon there (`daemon`) that holds the
`machine`: its `domain` records, their `console` buffers, and the operating system inside them (`guest`).
The programs in the directory's ``bin`` (`tools`) hand their arguments to the daemon; `xl` answers them, by
its `xl_lifecycle`, `xl_change` and `xl_show`, in the words and columns of Xen's own (`listing`, `xentop`,
`savefile`, `configuration`). `control` makes bad days. Everything that a user, a test or the TUI does goes
through those programs, as on a real dom0.
"""
