// Makers of optimizers. Of named parameters the names are not kept.

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static Modules.Adam Adam(IEnumerable<Modules.Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.Adam Adam(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.Adam Adam(IEnumerable<Modules.Adam.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.AdamW AdamW(IEnumerable<Modules.Parameter> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.AdamW AdamW(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.AdamW AdamW(IEnumerable<Modules.AdamW.ParamGroup> parameters, double lr = 0.001, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, bool amsgrad = false, bool maximize = false) => new(parameters, lr, beta1, beta2, eps, weight_decay, amsgrad, maximize);

        public static Modules.SGD SGD(IEnumerable<Modules.Parameter> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) => new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

        public static Modules.SGD SGD(IEnumerable<(string, Modules.Parameter)> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) => new(parameters.Select(p => p.Item2), learningRate, momentum, dampening, weight_decay, nesterov, maximize);

        public static Modules.SGD SGD(IEnumerable<Modules.SGD.ParamGroup> parameters, double learningRate, double momentum = 0, double dampening = 0, double weight_decay = 0, bool nesterov = false, bool maximize = false) => new(parameters, learningRate, momentum, dampening, weight_decay, nesterov, maximize);

        public static Modules.RMSProp RMSProp(IEnumerable<Modules.Parameter> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) => new(parameters, lr, alpha, eps, weight_decay, momentum, centered, maximize);

        public static Modules.RMSProp RMSProp(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, alpha, eps, weight_decay, momentum, centered, maximize);

        public static Modules.RMSProp RMSProp(IEnumerable<Modules.RMSProp.ParamGroup> parameters, double lr = 0.01, double alpha = 0.99, double eps = 1e-8, double weight_decay = 0, double momentum = 0, bool centered = false, bool maximize = false) => new(parameters, lr, alpha, eps, weight_decay, momentum, centered, maximize);

        public static Modules.Adagrad Adagrad(IEnumerable<Modules.Parameter> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10) => new(parameters, lr, lr_decay, weight_decay, initial_accumulator_value, eps);

        public static Modules.Adagrad Adagrad(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10) => new(parameters.Select(p => p.Item2), lr, lr_decay, weight_decay, initial_accumulator_value, eps);

        public static Modules.Adagrad Adagrad(IEnumerable<Modules.Adagrad.ParamGroup> parameters, double lr = 0.01, double lr_decay = 0, double weight_decay = 0, double initial_accumulator_value = 0, double eps = 1e-10) => new(parameters, lr, lr_decay, weight_decay, initial_accumulator_value, eps);

        public static Modules.NAdam NAdam(IEnumerable<Modules.Parameter> named_parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004) => new(named_parameters, lr, beta1, beta2, eps, weight_decay, momentum_decay);

        public static Modules.NAdam NAdam(IEnumerable<(string, Modules.Parameter)> named_parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004) => new(named_parameters.Select(p => p.Item2), lr, beta1, beta2, eps, weight_decay, momentum_decay);

        public static Modules.NAdam NAdam(IEnumerable<Modules.NAdam.ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0, double momentum_decay = 0.004) => new(parameters, lr, beta1, beta2, eps, weight_decay, momentum_decay);

        public static Modules.RAdam RAdam(IEnumerable<Modules.Parameter> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters, lr, beta1, beta2, eps, weight_decay);

        public static Modules.RAdam RAdam(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters.Select(p => p.Item2), lr, beta1, beta2, eps, weight_decay);

        public static Modules.RAdam RAdam(IEnumerable<Modules.RAdam.ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters, lr, beta1, beta2, eps, weight_decay);

        public static Modules.Adamax Adamax(IEnumerable<Modules.Parameter> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters, lr, beta1, beta2, eps, weight_decay);

        public static Modules.Adamax Adamax(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters.Select(p => p.Item2), lr, beta1, beta2, eps, weight_decay);

        public static Modules.Adamax Adamax(IEnumerable<Modules.Adamax.ParamGroup> parameters, double lr = 0.002, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8, double weight_decay = 0) => new(parameters, lr, beta1, beta2, eps, weight_decay);

        public static Modules.Adadelta Adadelta(IEnumerable<Modules.Parameter> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false) => new(parameters, lr, rho, eps, weight_decay, maximize);

        public static Modules.Adadelta Adadelta(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, rho, eps, weight_decay, maximize);

        public static Modules.Adadelta Adadelta(IEnumerable<Modules.Adadelta.ParamGroup> parameters, double lr = 1, double rho = 0.9, double eps = 1e-6, double weight_decay = 0, bool maximize = false) => new(parameters, lr, rho, eps, weight_decay, maximize);

        public static Modules.Rprop Rprop(IEnumerable<Modules.Parameter> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false) => new(parameters, lr, etaminus, etaplus, min_step, max_step, maximize);

        public static Modules.Rprop Rprop(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, etaminus, etaplus, min_step, max_step, maximize);

        public static Modules.Rprop Rprop(IEnumerable<Modules.Rprop.ParamGroup> parameters, double lr = 0.01, double etaminus = 0.5, double etaplus = 1.2, double min_step = 1e-6, double max_step = 50, bool maximize = false) => new(parameters, lr, etaminus, etaplus, min_step, max_step, maximize);

        public static Modules.ASGD ASGD(IEnumerable<Modules.Parameter> parameters, double lr = 0.001, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false) => new(parameters, lr, lambd, alpha, t0, weight_decay, maximize);

        public static Modules.ASGD ASGD(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.001, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false) => new(parameters.Select(p => p.Item2), lr, lambd, alpha, t0, weight_decay, maximize);

        public static Modules.ASGD ASGD(IEnumerable<Modules.ParamGroup<Modules.ASGD.Options>> parameters, double lr = 0.001, double lambd = 0.0001, double alpha = 0.75, double t0 = 1000000, double weight_decay = 0, bool maximize = false) => new(parameters, lr, lambd, alpha, t0, weight_decay, maximize);

        /// <summary>The loss comes from a closure: see <see cref="Modules.LBFGS.step"/>. Without <paramref name="max_eval"/> it is 5/4 of <paramref name="max_iter"/>.</summary>
        public static Modules.LBFGS LBFGS(IEnumerable<Modules.Parameter> parameters, double lr = 0.01, long max_iter = 20, long? max_eval = null, double tolerange_grad = 1e-5, double tolerance_change = 1e-9, long history_size = 100)
            => new(parameters, lr, new Modules.LBFGS.Limits(max_iter, max_eval ?? 5 * max_iter / 4, tolerange_grad, tolerance_change, history_size));

        public static Modules.LBFGS LBFGS(IEnumerable<(string, Modules.Parameter)> parameters, double lr = 0.01, long max_iter = 20, long? max_eval = null, double tolerange_grad = 1e-5, double tolerance_change = 1e-9, long history_size = 100)
            => LBFGS(parameters.Select(p => p.Item2), lr, max_iter, max_eval, tolerange_grad, tolerance_change, history_size);
    }
}
