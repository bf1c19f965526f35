// The kernels, written once for both vector widths.
#pragma once

#include "kernels.h"
#include "vectors.h"

#include "kernel_attention.h"
#include "kernel_mel.h"
#include "kernel_norm.h"

namespace {

const retort::Kernels* table(const char* name) {
  static const retort::Kernels kernels{name, W == 16, attention, attention_backward, norm, norm_backward, mel, gelu, gelu_backward, dropout};
  return &kernels;
}

}  // namespace
