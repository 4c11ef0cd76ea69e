// Includes every body and fills the table of the variant that includes this file. No include guard: it is meant to be
// included once by each variants/*.c, inside its target region.

// GEMM side
#include "convert.h"
#include "tile.h"
#include "pack.h"
#include "gemm.h"

// Everything else, helpers before their users
#include "transcendental.h"
#include "rows.h"
#include "dequantize.h"
#include "stored_run.h"
#include "gemm_stored.h"
#include "elementwise.h"
#include "silu.h"
#include "rmsnorm.h"
#include "rotate.h"
#include "softmax.h"
#include "logprob.h"
#include "tile_product.h"
#include "attention.h"
#include "adamw.h"

const CKKernels CK_TABLE = {
    .variant = CK_VARIANT,
    // GEMM side
    .panel_width_f32 = CK_PANEL_WIDTH,
    .panel_width_bf16 = CK_PANEL_WIDTH,
    .gemm_block = CK_GEMM_BLOCK,
    .pack_nt_f32 = ck_pack_nt_f32,
    .pack_nn_f32 = ck_pack_nn_f32,
    .pack_nt_f32_bf16 = ck_pack_nt_f32_bf16,
    .pack_nn_f32_bf16 = ck_pack_nn_f32_bf16,
    .gemm_f32 = ck_gemm_f32,
    .gemm_bf16_f32 = ck_gemm_bf16_f32,
    .convert_f32_bf16 = ck_convert_f32_bf16,

    // Everything else
    .dequantize_f32 = ck_dequantize_f32,
    .gemm_stored_f32 = ck_gemm_stored_f32,
    .gemm_stored_bf16_f32 = ck_gemm_stored_bf16_f32,
    .add_f32 = ck_add_f32,
    .subtract_f32 = ck_subtract_f32,
    .multiply_f32 = ck_multiply_f32,
    .divide_f32 = ck_divide_f32,
    .scale_f32 = ck_scale_f32,
    .add_scaled_f32 = ck_add_scaled_f32,
    .exp_f32 = ck_exp_f32,
    .log_f32 = ck_log_f32,
    .sigmoid_f32 = ck_sigmoid_f32,
    .tanh_f32 = ck_tanh_f32,
    .sum_f32 = ck_sum_f32,
    .dot_f32 = ck_dot_f32,
    .silu_multiply_f32 = ck_silu_multiply_f32,
    .silu_multiply_backward_f32 = ck_silu_multiply_backward_f32,
    .rmsnorm_f32 = ck_rmsnorm_f32,
    .rmsnorm_backward_f32 = ck_rmsnorm_backward_f32,
    .rmsnorm_backward_weight_f32 = ck_rmsnorm_backward_weight_f32,
    .rotate_f32 = ck_rotate_f32,
    .softmax_rows_f32 = ck_softmax_rows_f32,
    .softmax_rows_backward_f32 = ck_softmax_rows_backward_f32,
    .log_softmax_rows_f32 = ck_log_softmax_rows_f32,
    .log_softmax_rows_backward_f32 = ck_log_softmax_rows_backward_f32,
    .logprob_rows_f32 = ck_logprob_rows_f32,
    .logprob_rows_gradient_f32 = ck_logprob_rows_gradient_f32,
    .attention_scratch_f32 = ck_attention_scratch_f32,
    .attention_backward_scratch_f32 = ck_attention_backward_scratch_f32,
    .attention_f32 = ck_attention_f32,
    .attention_backward_f32 = ck_attention_backward_f32,
    .adamw_f32 = ck_adamw_f32,
};
