// What one thread of this machine can do at most: the figures that a kernel's share is taken of.
#ifndef CPEAKS_H
#define CPEAKS_H

#include <stddef.h>

/// Instruction sets a loop is written for. Which of them run here is the caller's to know.
typedef enum __attribute__((enum_extensibility(closed))) CPLoop {
  CPLoopBaseline = 0, ///< what every CPU of the architecture has: NEON on arm64
  CPLoopAVX2 = 1,     ///< AVX2 with FMA
  CPLoopAVX512 = 2,
} CPLoop;

/// Floating-point operations of `passes` passes over registers alone: independent fused multiply-adds, as many at a
/// time as hide their latency. `sink` gets a number that depends on all of them.
double cp_fma_f32(CPLoop loop, size_t passes, float *sink);

/// The same with VDPBF16PS; 0 operations where this was not compiled for x86.
double cp_dot_bf16(size_t passes, float *sink);

/// Reads `count` floats once, in order. `sink` gets their sum.
void cp_read(CPLoop loop, const float *x, size_t count, float *sink);

#endif
