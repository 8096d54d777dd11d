"""`python -m xentui.livecd build|boot`: the same as `xentui livecd build|boot`."""

import argparse
import sys

from xentui.livecd.cli import add_parser, run

parser = argparse.ArgumentParser(prog="xentui")
add_parser(parser.add_subparsers())
sys.exit(run(parser.parse_args(["livecd", *sys.argv[1:]])))
