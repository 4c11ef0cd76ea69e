#!/usr/bin/env python3
"""Writes Tests/Fixtures/quantization/blocks.safetensors: blocks of 32 numbers and their bytes in ggml's formats.

    python Scripts/make-quantization-fixtures.py

The reference is Python's gguf 0.19.0 (with numpy 2 and safetensors 0.8). The numbers come from a fixed seed and from a
list of awkward cases: ties, zeros, equal magnitudes of both signs, subnormal scales, one giant among small numbers.
"""

import pathlib

import gguf
import numpy
from gguf.constants import GGMLQuantizationType as Type
from gguf.quants import quantize
from safetensors.numpy import save_file

PLACE = pathlib.Path(__file__).resolve().parent.parent / "Tests/Fixtures/quantization/blocks.safetensors"


def awkward():
    """Blocks that break the lazy version of a quantiser."""
    ramp = numpy.arange(32, dtype=numpy.float32)
    yield numpy.zeros(32)
    yield -numpy.zeros(32)
    yield numpy.ones(32)
    yield -numpy.ones(32) * 3.3
    yield ramp - 15.5  # both signs, no zero
    yield numpy.where(ramp % 2 == 0, 2, -2)  # equal magnitudes: the first decides
    yield numpy.where(ramp % 2 == 0, -2, 2)
    yield numpy.where(ramp == 31, 127, ramp / 2)  # scale 1: halves away from zero
    yield numpy.where(ramp == 31, -127, -ramp / 2)
    yield numpy.where(ramp == 0, -8, ramp / 4 - 4)  # scale 1 of Q4_0: halves
    yield numpy.where(ramp == 0, 8, ramp / 4 - 4)
    yield numpy.where(ramp == 31, 15, ramp / 2 % 15)  # scale 1 of Q4_1: halves
    yield numpy.where(ramp == 7, 1e4, ramp * 1e-3)
    yield (ramp - 16) * 1e-7  # scales subnormal in half precision
    yield (ramp - 16) * 1e-12  # scales zero in half precision
    yield (ramp - 16) * 2.0**-24
    yield 2.0 ** (ramp - 24)
    yield 1 + ramp * 2.0**-11  # ties of binary16
    yield 1 + ramp * 2.0**-8  # ties of bfloat16
    yield 65504 - ramp * 16  # the largest of binary16, and ties near them
    yield ramp * 2.0**-25  # ties of its subnormals
    yield 2.0**-14 - ramp * 2.0**-25


def main():
    generator = numpy.random.default_rng(17)
    blocks = [block.astype(numpy.float32) for block in awkward()]
    for exponent in range(-6, 4):
        blocks += list((generator.standard_normal((24, 32)) * 10.0**exponent).astype(numpy.float32))
    blocks += list(generator.uniform(-0.05, 0.05, (64, 32)).astype(numpy.float32))
    numbers = numpy.stack(blocks)
    tensors = {"numbers": numbers}
    for type in [Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1]:
        stored = quantize(numbers, type)
        tensors[type.name] = numpy.ascontiguousarray(stored).view(numpy.uint8).reshape(len(blocks), -1)
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, PLACE, metadata={"numpy": numpy.__version__})
    print(f"{PLACE}: {len(blocks)} blocks, {PLACE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
