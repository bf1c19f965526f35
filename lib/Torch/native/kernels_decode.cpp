// What a step of batched decoding does besides its linear layers, as operators of libtorch's dispatcher, for float32 on the
// CPU and without gradients. Keys and values of earlier tokens stay where the projection wrote them: which row of an earlier
// step a hypothesis descends from is a table of numbers.
#include "operators.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

#include <cmath>
#include <limits>
#include <vector>

namespace {

void check(const Tensor& t, at::ScalarType dtype, int64_t axes, const char* name) {
  TORCH_CHECK(t.device().is_cpu() && t.is_contiguous() && !t.is_neg() && t.scalar_type() == dtype && t.dim() == axes, "retort: ", name,
              " must be contiguous, on the CPU, of ", axes, " axes and ", dtype);
}

// steps: of each token so far the projection (N_s, 3 D) to query, key and value; ancestors (steps, N): the row of each step
// that a present row descends from.
Tensor attend_steps(at::TensorList steps, const Tensor& ancestors, int64_t heads) {
  check(ancestors, at::kLong, 2, "ancestors");
  const int64_t count = static_cast<int64_t>(steps.size()), rows = ancestors.size(1);
  TORCH_CHECK(count > 0 && ancestors.size(0) == count && heads > 0, "retort: steps and ancestors do not fit one another");
  check(steps[0], at::kFloat, 2, "a step");
  const int64_t width = steps[0].size(1) / 3;
  TORCH_CHECK(width % (16 * heads) == 0, "retort: a head's width must be a multiple of 16");
  std::vector<const float*> data;
  const int64_t* table = ancestors.data_ptr<int64_t>();
  for (int64_t s = 0; s < count; s++) {
    check(steps[s], at::kFloat, 2, "a step");
    TORCH_CHECK(steps[s].size(1) == 3 * width, "retort: steps of different widths");
    for (int64_t r = 0; r < rows; r++)
      TORCH_CHECK(table[s * rows + r] >= 0 && table[s * rows + r] < steps[s].size(0), "retort: row ", table[s * rows + r], " is not in step ", s);
    data.push_back(steps[s].data_ptr<float>());
  }
  auto out = at::empty({rows, width}, steps[0].options());
  at::parallel_for(0, rows, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, count * width)), [&](int64_t from, int64_t to) {
    std::vector<float> scratch(heads * (count + 16));
    for (int64_t r = from; r < to; r++)
      kernels().attend_steps(data.data(), table, count, rows, r, heads, width / heads, scratch.data(), out.data_ptr<float>() + r * width);
  });
  return out;
}

// q (N, heads d), keys (M, heads, d, pitch), values (M, heads, S, d), memories (N): the memory of each row, lengths (M).
Tensor attend_memory(const Tensor& q, const Tensor& keys, const Tensor& values, const Tensor& memories, const Tensor& lengths) {
  check(q, at::kFloat, 2, "q");
  check(keys, at::kFloat, 4, "keys");
  check(values, at::kFloat, 4, "values");
  check(memories, at::kLong, 1, "memories");
  check(lengths, at::kLong, 1, "lengths");
  const int64_t rows = q.size(0), count = keys.size(0), heads = keys.size(1), width = keys.size(2), pitch = keys.size(3), frames = values.size(2);
  TORCH_CHECK(q.size(1) == heads * width && width % 16 == 0 && pitch % 64 == 0 && pitch >= frames && values.size(0) == count &&
              values.size(1) == heads && values.size(3) == width && memories.size(0) == rows && lengths.size(0) == count,
              "retort: q, keys, values, memories and lengths do not fit one another");
  const int64_t *of = memories.data_ptr<int64_t>(), *valid = lengths.data_ptr<int64_t>();
  for (int64_t m = 0; m < count; m++) TORCH_CHECK(valid[m] >= 1 && valid[m] <= frames, "retort: memory ", m, " has length ", valid[m], " of ", frames);
  for (int64_t r = 0; r < rows; r++) TORCH_CHECK(of[r] >= 0 && of[r] < count, "retort: there is no memory ", of[r]);
  auto out = at::empty_like(q);
  at::parallel_for(0, rows * heads, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, frames * width)), [&](int64_t from, int64_t to) {
    std::vector<float> scratch(pitch);
    for (int64_t i = from; i < to; i++) {
      const int64_t r = i / heads, head = of[r] * heads + i % heads;
      kernels().attend_memory(q.data_ptr<float>() + i * width, keys.data_ptr<float>() + head * width * pitch,
                              values.data_ptr<float>() + head * frames * width, valid[of[r]], pitch, width, scratch.data(),
                              out.data_ptr<float>() + i * width);
    }
  });
  return out;
}

// logits (N, V) and sums (U, slots) with U slots = N: of each of the U searches the `count` largest of
// log_softmax(logits) factor + sum, as (3, U, count): the values (NaN first), their places in slots V, and the log-probability
// alone. Where there are fewer, -infinity.
Tensor continuations(const Tensor& logits, const Tensor& sums, double factor, int64_t count) {
  check(logits, at::kFloat, 2, "logits");
  check(sums, at::kDouble, 2, "sums");
  const int64_t searches = sums.size(0), slots = sums.size(1), vocabulary = logits.size(1);
  TORCH_CHECK(searches * slots == logits.size(0) && count > 0 && vocabulary > 0, "retort: logits and sums do not fit one another");
  auto out = at::empty({3, searches, count}, sums.options());
  at::parallel_for(0, searches, std::max<int64_t>(1, 65536 / std::max<int64_t>(1, slots * vocabulary)), [&](int64_t from, int64_t to) {
    for (int64_t u = from; u < to; u++) {
      double* values = out.data_ptr<double>() + u * count;
      double *places = values + searches * count, *gains = places + searches * count;
      for (int64_t i = 0; i < count; i++) {
        values[i] = gains[i] = -std::numeric_limits<double>::infinity();
        places[i] = 0;
      }
      for (int64_t s = 0; s < slots; s++) {
        const double sum = sums.data_ptr<double>()[u * slots + s];
        if (sum == -std::numeric_limits<double>::infinity()) continue;
        const float* x = logits.data_ptr<float>() + (u * slots + s) * vocabulary;
        float most;
        const float rest = kernels().log_sum(x, vocabulary, &most);
        if (std::isnan(rest) || std::isnan(sum)) {
          values[0] = std::numeric_limits<double>::quiet_NaN();
          break;
        }
        for (int64_t v = 0; v < vocabulary; v++) {
          const float gain = x[v] - most - rest;
          const double value = gain * factor + sum;
          if (!(value > values[count - 1])) continue;
          int64_t i = count - 1;
          for (; i > 0 && value > values[i - 1]; i--) {
            values[i] = values[i - 1];
            places[i] = places[i - 1];
            gains[i] = gains[i - 1];
          }
          values[i] = value;
          places[i] = static_cast<double>(s * vocabulary + v);
          gains[i] = gain;
        }
      }
    }
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(retort, m) {
  m.def("attend_steps(Tensor[] steps, Tensor ancestors, int heads) -> Tensor");
  m.def("attend_memory(Tensor q, Tensor keys, Tensor values, Tensor memories, Tensor lengths) -> Tensor");
  m.def("continuations(Tensor logits, Tensor sums, float factor, int count) -> Tensor");
}

TORCH_LIBRARY_IMPL(retort, CPU, m) {
  m.impl("attend_steps", attend_steps);
  m.impl("attend_memory", attend_memory);
  m.impl("continuations", continuations);
}
