// Every storage format of weights, once: X(name, weights in a block, bytes of a block), with ggml's layouts.
//
// A name makes CKFormat's case, and wants `dequantize_NAME` (dequantize.h), which says how a block is laid out, and
// `run_NAME` (stored_run.h).
#define CK_EACH_FORMAT(X)                                                                                              \
  X(F32, 1, 4)                                                                                                         \
  X(F16, 1, 2)                                                                                                         \
  X(BF16, 1, 2)                                                                                                        \
  X(Q8_0, 32, 34)                                                                                                      \
  X(Q4_0, 32, 18)                                                                                                      \
  X(Q4_1, 32, 20)                                                                                                      \
  X(Q5_0, 32, 22)                                                                                                      \
  X(Q5_1, 32, 24)                                                                                                      \
  X(Q4_K, 256, 144)                                                                                                    \
  X(Q5_K, 256, 176)                                                                                                    \
  X(Q6_K, 256, 210)
