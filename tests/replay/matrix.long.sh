#!/bin/bash
# The whole determinism matrix: see matrix.sh.
exec bash "$(dirname "$0")/matrix.sh" long
