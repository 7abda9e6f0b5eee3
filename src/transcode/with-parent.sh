#!/bin/sh
# Runs ffmpeg in a process group of its own, to be killed by the kernel when its parent dies (also by kill -9).
exec setpriv --pdeathsig KILL setsid ffmpeg "$@"
