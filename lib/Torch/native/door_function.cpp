// Autograd functions whose forward and backward are written in C#, names of dimensions, and C++'s file of a tensor.
#include "door.h"

#include <ATen/Dimname.h>
#include <ATen/core/NamedTensor.h>
#include <ATen/ops/align_to.h>
#include <ATen/ops/refine_names.h>
#include <ATen/ops/rename.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/serialize.h>

#include <sstream>

using namespace door;
using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// What the managed side did in its forward, and how it is called back: backward(context, autograd's context, gradients, their
// number, results, their number) gives 0, or -1 and a message by door_function_failed; free(context) when the graph lets go.
struct Call {
  c10::TensorImpl** outputs;
  c10::TensorImpl** saved;
  c10::TensorImpl** dirty;
  c10::TensorImpl** plain;  // outputs that have no gradient
  int32_t output_count, saved_count, dirty_count, plain_count, input_count, zeros;
  void* context;
  int (*backward)(void*, void*, c10::TensorImpl**, int, c10::TensorImpl**, int);
  void (*free)(void*);
};

// Lives as long as the graph's node.
struct Holder : torch::CustomClassHolder {
  void* context;
  int input_count;
  int (*backward)(void*, void*, c10::TensorImpl**, int, c10::TensorImpl**, int);
  void (*free)(void*);

  explicit Holder(const Call& call) : context(call.context), input_count(call.input_count), backward(call.backward), free(call.free) {}
  ~Holder() override { free(context); }
};

variable_list all(c10::TensorImpl** p, int n) {
  variable_list list;
  for (int i = 0; i < n; i++) list.push_back(borrow(p[i]));
  return list;
}

struct Managed : torch::autograd::Function<Managed> {
  // The inputs stand here for the graph's edges; what forward makes of them is made already.
  static variable_list forward(AutogradContext* context, const at::TensorList& inputs, const Call* call) {
    context->saved_data["holder"] = c10::IValue::make_capsule(c10::make_intrusive<Holder>(*call));
    context->save_for_backward(all(call->saved, call->saved_count));
    if (call->dirty_count) context->mark_dirty(all(call->dirty, call->dirty_count));
    if (call->plain_count) context->mark_non_differentiable(all(call->plain, call->plain_count));
    context->set_materialize_grads(call->zeros != 0);
    return all(call->outputs, call->output_count);
  }

  static variable_list backward(AutogradContext* context, variable_list grads) {
    auto holder = c10::static_intrusive_pointer_cast<Holder>(context->saved_data["holder"].toCapsule());
    std::vector<c10::TensorImpl*> given, results(holder->input_count, nullptr);
    for (auto& g : grads) given.push_back(give(g));  // theirs from here on
    if (holder->backward(holder->context, context, given.data(), static_cast<int>(given.size()), results.data(), holder->input_count) < 0)
      throw std::runtime_error(error);
    variable_list list;
    for (auto* r : results) list.push_back(r ? Tensor(Owner::reclaim(r)) : Tensor());
    list.emplace_back();  // for `call`, which is no tensor
    return list;
  }
};

std::vector<at::Dimname> names_of(const char* text) {
  std::vector<at::Dimname> names;
  std::istringstream lines(text);
  for (std::string name; std::getline(lines, name);)
    names.push_back(name == "*" ? at::Dimname::wildcard() : at::Dimname::fromSymbol(at::Symbol::dimname(name)));
  return names;
}

}  // namespace

// Ties the outputs to the inputs; results[i] is a handle of what stands for output i from now on.
DOOR int door_function(c10::TensorImpl** inputs, int count, const Call* call, c10::TensorImpl** results) {
  return guarded(-1, [&] {
    auto given = all(inputs, count);
    auto made = Managed::apply(at::TensorList(given), call);
    for (size_t i = 0; i < made.size(); i++) results[i] = give(std::move(made[i]));
    return 0;
  });
}

// What was saved for the backward pass; libtorch checks that nobody wrote over it. The number comes back.
DOOR int door_function_saved(AutogradContext* context, c10::TensorImpl** into, int capacity) {
  return guarded(-1, [&] {
    auto saved = context->get_saved_variables();
    for (size_t i = 0; i < saved.size() && static_cast<int>(i) < capacity; i++) into[i] = give(std::move(saved[i]));
    return static_cast<int>(saved.size());
  });
}

DOOR void door_function_failed(const char* message) { error = message; }

// The names of the dimensions, one a line, "*" for a dimension without; null without error where none has a name.
DOOR char* door_names(c10::TensorImpl* t) {
  return guarded<char*>(nullptr, [&]() -> char* {
    error.clear();
    Tensor x = borrow(t);
    if (!x.has_names()) return nullptr;
    std::string text;
    for (auto name : x.names()) text += name.isBasic() ? std::string(name.symbol().toUnqualString()) + '\n' : "*\n";
    return strdup(text.c_str());
  });
}

// what: 0 rename, 1 rename in place, 2 refine names, 3 align to, 4 drop names, 5 drop them in place
DOOR c10::TensorImpl* door_named(c10::TensorImpl* t, int what, const char* text) {
  return guarded<c10::TensorImpl*>(nullptr, [&] {
    Tensor x = borrow(t);
    auto names = names_of(text);
    at::DimnameList list(names);
    switch (what) {
      case 0: return give(x.rename(list));
      case 1: return give(x.rename_(list));
      case 2: return give(x.refine_names(list));
      case 3: return give(x.align_to(list));
#ifdef DOOR_SINCE_2_4
      case 4: return give(x.rename(std::nullopt));
      default: return give(x.rename_(std::nullopt));
#else
      case 4: return give(x.rename(c10::nullopt));
      default: return give(x.rename_(c10::nullopt));
#endif
    }
  });
}

DOOR int door_save(c10::TensorImpl* t, const char* path) {
  return guarded(-1, [&] { torch::save(borrow(t), std::string(path)); return 0; });
}
