// Schedules given by a factor per epoch. Recursive where PyTorch's are, so that they go on from a rate changed by hand.

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>The starting rate times a function of the epoch.</summary>
                public class LambdaLR : LRScheduler
                {
                    private readonly List<Func<int, double>> factors;

                    public LambdaLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Enumerable.Repeat(lr_lambda, optimizer.ParamGroups.Count()), last_epoch, verbose) { }

                    public LambdaLR(Optimizer optimizer, IEnumerable<Func<int, double>> lr_lambdas, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        factors = lr_lambdas.ToList();
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => startRates.Select((r, i) => r * factors[i](epoch));
                }

                /// <summary>The present rate times a function of the epoch.</summary>
                public class MultiplicativeLR : LRScheduler
                {
                    private readonly List<Func<int, double>> factors;

                    public MultiplicativeLR(Optimizer optimizer, Func<int, double> lr_lambda, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Enumerable.Repeat(lr_lambda, optimizer.ParamGroups.Count()), last_epoch, verbose) { }

                    public MultiplicativeLR(Optimizer optimizer, IEnumerable<Func<int, double>> lr_lambdas, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        factors = lr_lambdas.ToList();
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => controlled.Select((g, i) => epoch > 0 ? g.LearningRate * factors[i](epoch) : g.LearningRate);
                }

                /// <summary>Times gamma every so many epochs.</summary>
                public class StepLR : LRScheduler
                {
                    private readonly int size;
                    private readonly double gamma;

                    public StepLR(Optimizer optimizer, int step_size, double gamma = 0.1, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        size = step_size;
                        this.gamma = gamma;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Times(epoch == 0 || epoch % size != 0 ? 1 : gamma);

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(Math.Pow(gamma, epoch / size));
                }

                /// <summary>Times gamma at each milestone.</summary>
                public class MultiStepLR : LRScheduler
                {
                    private readonly List<int> milestones;
                    private readonly double gamma;

                    public MultiStepLR(Optimizer optimizer, IList<int> milestones, double gamma = 0.1, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        this.milestones = [.. milestones];
                        this.gamma = gamma;
                        step();
                    }

                    // A milestone that is named twice counts twice.
                    protected override IEnumerable<double> get_lr() => Times(Math.Pow(gamma, milestones.Count(m => m == epoch)));

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(Math.Pow(gamma, milestones.Count(m => m <= epoch)));
                }

                /// <summary>Times gamma every epoch.</summary>
                public class ExponentialLR : LRScheduler
                {
                    private readonly double gamma;

                    public ExponentialLR(Optimizer optimizer, double gamma = 0.1, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        this.gamma = gamma;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Times(epoch == 0 ? 1 : gamma);

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(Math.Pow(gamma, epoch));
                }

                /// <summary>A smaller rate for the first epochs, then the starting rate.</summary>
                public class ConstantLR : LRScheduler
                {
                    private readonly double factor;
                    private readonly int total;

                    public ConstantLR(Optimizer optimizer, double factor = 1.0 / 3.0, int total_iters = 5, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        if (factor is < 0 or > 1)
                        {
                            throw new ArgumentOutOfRangeException(nameof(factor), factor, "the factor lies between 0 and 1");
                        }
                        this.factor = factor;
                        total = total_iters;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Times(epoch == 0 ? factor : epoch == total ? 1 / factor : 1);

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(epoch >= total ? 1 : factor);
                }

                /// <summary>From one factor to another in a straight line.</summary>
                public class LinearLR : LRScheduler
                {
                    private readonly double start;
                    private readonly double end;
                    private readonly int total;

                    public LinearLR(Optimizer optimizer, double start_factor = 1.0 / 3.0, double end_factor = 1, int total_iters = 5, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        if (start_factor is <= 0 or > 1)
                        {
                            throw new ArgumentOutOfRangeException(nameof(start_factor), start_factor, "the first factor lies above 0 and is at most 1");
                        }
                        if (end_factor is < 0 or > 1)
                        {
                            throw new ArgumentOutOfRangeException(nameof(end_factor), end_factor, "the last factor lies between 0 and 1");
                        }
                        start = start_factor;
                        end = end_factor;
                        total = total_iters;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Times(
                        epoch == 0 ? start : epoch > total ? 1 : 1 + (end - start) / (total * start + (epoch - 1) * (end - start)));

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(start + (end - start) * Math.Min(total, epoch) / total);
                }

                /// <summary>(1 - epoch / total) ^ power</summary>
                public class PolynomialLR : LRScheduler
                {
                    private readonly int total;
                    private readonly double power;

                    public PolynomialLR(Optimizer optimizer, int total_iters = 5, double power = 1, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        total = total_iters;
                        this.power = power;
                        step();
                    }

                    protected override IEnumerable<double> get_lr() => Times(
                        epoch == 0 || epoch > total ? 1 : Math.Pow((1.0 - (double)epoch / total) / (1.0 - (double)(epoch - 1) / total), power));

                    protected override IEnumerable<double> get_closed_form_lr() => Scaled(Math.Pow(1.0 - (double)Math.Min(total, epoch) / total, power));
                }

                /// <summary>Down half a cosine from the starting rate to eta_min in T_max epochs (Loshchilov and Hutter, 2017, without restarts).</summary>
                public class CosineAnnealingLR : LRScheduler
                {
                    private readonly double period;
                    private readonly double floor;

                    public CosineAnnealingLR(Optimizer optimizer, double T_max, double eta_min = 0, int last_epoch = -1, bool verbose = false) : base(optimizer, last_epoch, verbose)
                    {
                        period = T_max;
                        floor = eta_min;
                        step();
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        if (epoch == 0)
                        {
                            return Times(1);
                        }
                        if ((epoch - 1 - period) % (2 * period) == 0)
                        {
                            return controlled.Select((g, i) => g.LearningRate + (startRates[i] - floor) * (1 - Math.Cos(Math.PI / period)) / 2);
                        }
                        var ratio = (1 + Math.Cos(Math.PI * epoch / period)) / (1 + Math.Cos(Math.PI * (epoch - 1) / period));
                        return controlled.Select(g => ratio * (g.LearningRate - floor) + floor);
                    }

                    protected override IEnumerable<double> get_closed_form_lr() =>
                        startRates.Select(r => floor + (r - floor) * (1 + Math.Cos(Math.PI * epoch / period)) / 2);
                }
            }
        }
    }
}
