// The kernels, written once for both vector widths.
#pragma once

#include "kernels.h"
#include "vectors.h"

#include "kernel_attention.h"
#include "kernel_mel.h"
#include "kernel_norm.h"
#include "kernel_decode.h"
#include "kernel_conv.h"
#include "kernel_linear.h"

namespace {

const retort::Kernels* table(const char* name) {
  static const retort::Kernels kernels{name, W == 16, attention, attention_backward, norm, norm_backward, mel, gelu, gelu_backward, dropout,
                                       attend_steps, attend_memory, log_sum, depthwise_scratch, depthwise, depthwise_backward,
                                       batch_norm, batch_norm_backward, bias_silu, Tall, Panel, product, pack_right, pack_left};
  return &kernels;
}

}  // namespace
