"""The Halide algorithms and their schedules. Imported by the build alone: a user's machine needs no Halide.

A kernel is a file of this folder with a function `define() -> tuple[halide.Func | halide.Pipeline, list[arguments]]`;
the file's name is the kernel's name. A file whose name begins with an underscore is shared by kernels.
"""
