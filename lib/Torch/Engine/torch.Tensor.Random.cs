namespace TorchSharp;

// Draws; each takes the generator to draw from. One line an operator: TorchSharp's signature, and the operator behind it.
public static partial class torch
{
    public partial class Tensor
    {
        public Tensor bernoulli(Generator? generator = null) => Aten.bernoulli.Call(this, generator);
        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => Aten.bernoulli_float_.Into(this, p, generator);
        public Tensor bernoulli_(Tensor p, Generator? generator = null) => Aten.bernoulli_Tensor_.Into(this, p, generator);
        public Tensor binomial(Tensor prob, Generator? generator = null) => Aten.binomial.Call(this, prob, generator);
        public Tensor cauchy_(double median = 0, double sigma = 1, Generator? generator = null) => Aten.cauchy_.Into(this, median, sigma, generator);
        public Tensor exponential_(double lambda = 1, Generator? generator = null) => Aten.exponential_.Into(this, lambda, generator);
        public Tensor geometric_(double p, Generator? generator = null) => Aten.geometric_.Into(this, p, generator);
        public Tensor log_normal_(double mean = 0, double std = 1, Generator? generator = null) => Aten.log_normal_.Into(this, mean, std, generator);
        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) => Aten.multinomial.Call(this, num_samples, replacement, generator);
        public Tensor normal_(double mean = 0, double std = 1, Generator? generator = null) => Aten.normal_.Into(this, mean, std, generator);
        public Tensor poisson(Generator? generator = null) => Aten.poisson.Call(this, generator);
        public Tensor uniform_(double from, double to, Generator? generator = null) => Aten.uniform_.Into(this, from, to, generator);
    }
}

internal static partial class Aten
{
    internal static readonly Op bernoulli = new("aten::bernoulli");
    internal static readonly Op bernoulli_Tensor_ = new("aten::bernoulli_", "Tensor");
    internal static readonly Op bernoulli_float_ = new("aten::bernoulli_", "float");
    internal static readonly Op binomial = new("aten::binomial");
    internal static readonly Op cauchy_ = new("aten::cauchy_");
    internal static readonly Op exponential_ = new("aten::exponential_");
    internal static readonly Op geometric_ = new("aten::geometric_");
    internal static readonly Op log_normal_ = new("aten::log_normal_");
    internal static readonly Op multinomial = new("aten::multinomial");
    internal static readonly Op normal_ = new("aten::normal_");
    internal static readonly Op poisson = new("aten::poisson");
    internal static readonly Op uniform_ = new("aten::uniform_");
}
