"""Sharing a console: the xentui that holds it serves it to the others on the same dom0, over a socket.

`protocol` what goes over it, `place` where the socket stands, `people` who is at its ends, `writing` whose turn
it is to write, `share` the holder's end, `joined` the others'.
"""
