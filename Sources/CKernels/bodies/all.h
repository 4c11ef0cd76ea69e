// Includes every body and fills the table of the variant that includes this file. No include guard: it is meant to be
// included once by each variants/*.c, inside its target region.

// GEMM side
#include "convert.h"
#include "pack.h"
#include "gemm.h"

// Everything else: #include "dequantize.h", "elementwise.h", "rmsnorm.h", ...

const CKKernels CK_TABLE = {
    .variant = CK_VARIANT,
    // GEMM side
    .panel_width_f32 = CK_PANEL_WIDTH,
    .panel_width_bf16 = CK_PANEL_WIDTH,
    .pack_nt_f32 = ck_pack_nt_f32,
    .pack_nn_f32 = ck_pack_nn_f32,
    .pack_nt_f32_bf16 = ck_pack_nt_f32_bf16,
    .pack_nn_f32_bf16 = ck_pack_nn_f32_bf16,
    .gemm_f32 = ck_gemm_f32,
    .gemm_bf16_f32 = ck_gemm_bf16_f32,
    .convert_f32_bf16 = ck_convert_f32_bf16,

    // Everything else
};
