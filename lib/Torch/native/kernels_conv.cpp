// Depthwise convolutions and batch norm with SiLU as operators of libtorch's dispatcher, retort::..., with their gradients: what a
// convolutional network of inverted residual blocks does besides its products of matrices. Contiguous CPU tensors in float32 and,
// where the processor multiplies it, bfloat16; weights in float32. A second gradient is refused, not wrong.
#include "operators.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mkldnn_convolution.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <vector>

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

void check_channels(const Tensor& t, const Tensor& x, const char* name) {
  check(t, false, name);
  TORCH_CHECK(t.numel() == x.size(1), "retort: ", name, " must have one number a channel");
}

// Depthwise convolution ------------------------------------------------------------------------------------------------

retort::Depthwise shape(const Tensor& x, const Tensor& weight, int64_t stride, int64_t before, int64_t after) {
  check(x, true, "x");
  check(weight, false, "weight");
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && weight.size(0) == x.size(1) && weight.size(1) == 1 && weight.size(2) == weight.size(3),
              "retort: x must be (B, C, H, W) and weight (C, 1, K, K)");
  const int64_t k = weight.size(2), height = x.size(2) + before + after - k, width = x.size(3) + before + after - k;
  TORCH_CHECK((k == 3 || k == 5) && (stride == 1 || stride == 2) && before >= 0 && after >= 0 && before < k && height >= 0 && width >= 0 && x.numel() > 0,
              "retort: a depthwise convolution has 3 or 5 taps a side and a stride of 1 or 2, and its planes are no smaller than its taps");
  return {x.size(0), x.size(1), x.size(2), x.size(3), height / stride + 1, width / stride + 1, k, stride, before, half(x)};
}

Tensor depthwise_of(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t stride, int64_t before, int64_t after, bool silu) {
  const auto d = shape(x, weight, stride, before, after);
  if (bias.defined()) check_channels(bias, x, "bias");
  auto out = at::empty({d.batch, d.channels, d.out_height, d.out_width}, x.options());
  const int64_t work = d.out_height * d.out_width * d.kernel * d.kernel;
  at::parallel_for(0, d.batch * d.channels, std::max<int64_t>(1, (1 << 17) / work), [&](int64_t from, int64_t to) {
    std::vector<float> scratch(kernels().depthwise_scratch(d));
    for (int64_t i = from; i < to; i++)
      kernels().depthwise(d, i, x.data_ptr(), weight.data_ptr<float>(), bias.defined() ? bias.data_ptr<float>() : nullptr, silu, scratch.data(), out.data_ptr());
  });
  return out;
}

struct DepthwiseFunction : Function<DepthwiseFunction> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, int64_t stride, int64_t before, int64_t after) {
    context->save_for_backward({x, weight});
    context->saved_data["stride"] = stride;
    context->saved_data["before"] = before;
    context->saved_data["after"] = after;
    return depthwise_of(x, weight, Tensor(), stride, before, after, false);
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto d = shape(x, weight, context->saved_data["stride"].toInt(), context->saved_data["before"].toInt(), context->saved_data["after"].toInt());
    const auto dout = grads[0].to(x.scalar_type()).contiguous();
    // x may be the first input, which has no gradient; the kernel then leaves it out.
    auto dx = context->needs_input_grad(0) ? at::empty_like(x) : Tensor();
    auto dweight = at::zeros_like(weight);
    const int64_t work = d.batch * d.out_height * d.out_width * d.kernel * d.kernel;
    at::parallel_for(0, d.channels, std::max<int64_t>(1, (1 << 17) / work), [&](int64_t from, int64_t to) {
      std::vector<float> scratch(kernels().depthwise_scratch(d));
      for (int64_t c = from; c < to; c++)
        kernels().depthwise_backward(d, c, x.data_ptr(), weight.data_ptr<float>(), dout.data_ptr(), scratch.data(), dx.defined() ? dx.data_ptr() : nullptr,
                                     dweight.data_ptr<float>());
    });
    return {dx, dweight, Tensor(), Tensor(), Tensor()};
  }
};

Tensor depthwise(const Tensor& x, const Tensor& weight, const Maybe& bias, int64_t stride, int64_t before, int64_t after, bool silu) {
  const auto b = bias.value_or(Tensor());
  if (!wanted({&x, &weight, &b})) return depthwise_of(x, weight, b, stride, before, after, silu);
  TORCH_CHECK(!b.defined() && !silu, "retort: a depthwise convolution with a bias or SiLU has no gradient here");
  return DepthwiseFunction::apply(x, weight, stride, before, after);
}

// Batch norm in training, with SiLU or without ----------------------------------------------------------------------------

retort::Channel channels(const Tensor& x) { return {x.size(0), x.size(1), x.numel() / std::max<int64_t>(1, x.size(0) * x.size(1)), 0, half(x)}; }

Tensor batch_norm_of(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean, const Tensor& variance, double momentum,
                     double epsilon, bool silu, Tensor* facts) {
  check(x, true, "x");
  TORCH_CHECK(x.dim() >= 2 && x.numel() > 0, "retort: x must be (B, C, ...)");
  check_channels(weight, x, "weight");
  check_channels(bias, x, "bias");
  check_channels(mean, x, "mean");
  check_channels(variance, x, "variance");
  auto y = at::empty_like(x);
  *facts = at::empty({x.size(1), 2}, weight.options());
  const auto all = channels(x);
  at::parallel_for(0, all.channels, std::max<int64_t>(1, (1 << 15) / (all.batch * all.size)), [&](int64_t from, int64_t to) {
    auto c = all;
    for (c.index = from; c.index < to; c.index++) {
      double seen[2];
      kernels().batch_norm(c, x.data_ptr(), weight.data_ptr<float>()[c.index], bias.data_ptr<float>()[c.index], static_cast<float>(epsilon), silu,
                           y.data_ptr(), facts->data_ptr<float>() + 2 * c.index, seen);
      float &m = mean.data_ptr<float>()[c.index], &v = variance.data_ptr<float>()[c.index];
      m = static_cast<float>((1 - momentum) * m + momentum * seen[0]);
      v = static_cast<float>((1 - momentum) * v + momentum * seen[1]);
    }
  });
  return y;
}

struct BatchNorm : Function<BatchNorm> {
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean, const Tensor& variance,
                        double momentum, double epsilon, bool silu) {
    Tensor facts;
    auto y = batch_norm_of(x, weight, bias, mean, variance, momentum, epsilon, silu, &facts);
    context->save_for_backward({x, weight, bias, facts});
    context->saved_data["silu"] = silu;
    return y;
  }
  static variable_list backward(AutogradContext* context, variable_list grads) {
    once();
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1], &bias = saved[2], &facts = saved[3];
    const bool silu = context->saved_data["silu"].toBool();
    const auto dy = grads[0].to(x.scalar_type()).contiguous();
    auto dx = at::empty_like(x), dweight = at::empty_like(weight), dbias = at::empty_like(bias);
    const auto all = channels(x);
    at::parallel_for(0, all.channels, std::max<int64_t>(1, (1 << 15) / (all.batch * all.size)), [&](int64_t from, int64_t to) {
      auto c = all;
      for (c.index = from; c.index < to; c.index++)
        kernels().batch_norm_backward(c, x.data_ptr(), weight.data_ptr<float>()[c.index], bias.data_ptr<float>()[c.index],
                                      facts.data_ptr<float>() + 2 * c.index, dy.data_ptr(), silu, dx.data_ptr(), dweight.data_ptr<float>() + c.index,
                                      dbias.data_ptr<float>() + c.index);
    });
    return {dx, dweight, dbias, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& mean, const Tensor& variance, double momentum,
                  double epsilon, bool silu) {
  Tensor facts;
  return wanted({&x, &weight, &bias}) ? BatchNorm::apply(x, weight, bias, mean, variance, momentum, epsilon, silu)
                                      : batch_norm_of(x, weight, bias, mean, variance, momentum, epsilon, silu, &facts);
}

// Inference: x becomes silu(x + bias) -----------------------------------------------------------------------------------

Tensor bias_silu(const Tensor& x, const Tensor& bias) {
  check(x, true, "x");
  TORCH_CHECK(x.dim() >= 2, "retort: x must be (B, C, ...)");
  check_channels(bias, x, "bias");
  const auto c = channels(x);
  at::parallel_for(0, c.batch * c.channels, std::max<int64_t>(1, (1 << 15) / std::max<int64_t>(1, c.size)), [&](int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) kernels().bias_silu(x.data_ptr(), i * c.size, c.size, bias.data_ptr<float>()[i % c.channels], c.half);
  });
  return x;
}

// A convolution of one tap. On one thread libtorch gives batches under 16 to the matrix product of its BLAS; between many channels
// oneDNN's kernel is up to twice as fast there.
Tensor pointwise(const Tensor& x, const Tensor& weight, const Maybe& bias) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && weight.size(2) == 1 && weight.size(3) == 1, "retort: x must be (B, C, H, W) and weight (O, C, 1, 1)");
  if (at::hasMKLDNN() && at::globalContext().userEnabledMkldnn() && x.scalar_type() == at::kFloat && std::min(weight.size(0), weight.size(1)) >= 48)
    return at::mkldnn_convolution(x, weight, bias, {0, 0}, {1, 1}, {1, 1}, 1);
  return at::conv2d(x, weight, bias);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("depthwise(Tensor x, Tensor weight, Tensor? bias, int stride, int before, int after, bool silu) -> Tensor");
  m.def("batch_norm(Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor variance, float momentum, float epsilon, bool silu) -> Tensor");
  m.def("bias_silu(Tensor x, Tensor bias) -> Tensor");
  m.def("pointwise(Tensor x, Tensor weight, Tensor? bias) -> Tensor");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) {
  m.impl("depthwise", depthwise);
  m.impl("batch_norm", batch_norm);
  m.impl("bias_silu", bias_silu);
  m.impl("pointwise", pointwise);
}

TORCH_LIBRARY_IMPL(retort, AutogradCPU, m) {
  m.impl("depthwise", depthwise);
  m.impl("batch_norm", batch_norm);
}
