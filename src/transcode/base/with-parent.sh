#!/bin/sh
# Runs ffmpeg in a process group of its own, to be killed by the kernel when its parent dies (also by kill -9).
# The first word is the ffmpeg to run; a second one, --bounds=..., holds options of prlimit.
program=${1#--program=}
shift
bounds=
case "$1" in --bounds=*)
  bounds="prlimit ${1#--bounds=}"
  shift
  ;;
esac
# CUDA numbers GPUs as nvidia-smi does with this; by default it puts the fastest first.
export CUDA_DEVICE_ORDER=PCI_BUS_ID
exec $bounds setpriv --pdeathsig KILL setsid "$program" "$@"
