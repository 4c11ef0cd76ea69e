// Includes every body and fills the table of the variant that includes this file. No include guard: it is meant to be
// included once by each variants/*.c, inside its target region.

// GEMM side: #include "pack.h", "gemm.h", "convert.h"

// Everything else: #include "dequantize.h", "elementwise.h", "rmsnorm.h", ...

const CKKernels CK_TABLE = {
    .variant = CK_VARIANT,
    // GEMM side

    // Everything else
};
