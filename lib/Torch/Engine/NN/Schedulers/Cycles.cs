// Schedules that go up and down, with the momentum the other way. L. N. Smith, "Cyclical learning rates for training
// neural networks" (2017); Smith and Topin, "Super-convergence" (2018), as PyTorch computes them.

namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>Momentum, or the first of two betas, of a parameter group.</summary>
                private static class Inertia
                {
                    internal static void Demand(Optimizer optimizer)
                    {
                        if (optimizer.ParamGroups.Any(g => g is not IMomentum and not IBetas))
                        {
                            throw new ArgumentException("the optimizer has neither a momentum nor betas to cycle: say cycle_momentum = false", nameof(optimizer));
                        }
                    }

                    internal static void Set(ILearningRateController group, double value)
                    {
                        if (group is IBetas betas)
                        {
                            betas.Betas = (value, betas.Betas.Item2);
                        }
                        else
                        {
                            ((IMomentum)group).Momentum = value;
                        }
                    }
                }

                private static List<double> ForEachGroup(Optimizer optimizer, IEnumerable<double>? values, double otherwise, string name)
                {
                    var groups = optimizer.ParamGroups.Count();
                    var list = values?.ToList() ?? [.. Enumerable.Repeat(otherwise, groups)];
                    return list.Count == groups ? list : throw new ArgumentException($"{groups} parameter groups, but {list.Count} numbers", name);
                }

                private static IEnumerable<double> Same(Optimizer optimizer, double value) => Enumerable.Repeat(value, optimizer.ParamGroups.Count());

                /// <summary>From base_lr to max_lr and back, again and again.</summary>
                public class CyclicLR : LRScheduler
                {
                    public enum Mode { Triangular, Triangular2, ExpRange }

                    public enum ScaleMode { Cycle, Iterations }

                    private readonly List<double> top, lowMomentum, highMomentum;
                    private readonly double size, rising;
                    private readonly Func<double, double> scale;
                    private readonly bool byCycle, cycleMomentum;

                    public CyclicLR(Optimizer optimizer, double base_lr, double max_lr, int step_size_up = 2000, int step_size_down = -1, Mode mode = Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, ScaleMode scale_mode = ScaleMode.Cycle, bool cycle_momentum = true, double base_momentum = 0.8, double max_momentum = 0.9, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Same(optimizer, base_lr), Same(optimizer, max_lr), step_size_up, step_size_down, mode, gamma, scale_fn, scale_mode, cycle_momentum, Same(optimizer, base_momentum), Same(optimizer, max_momentum), last_epoch, verbose) { }

                    public CyclicLR(Optimizer optimizer, IEnumerable<double> base_lr, IEnumerable<double> max_lr, int step_size_up = 2000, int step_size_down = -1, Mode mode = Mode.Triangular, double gamma = 1, Func<double, double>? scale_fn = null, ScaleMode scale_mode = ScaleMode.Cycle, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        var low = ForEachGroup(optimizer, base_lr, 0, nameof(base_lr));
                        top = ForEachGroup(optimizer, max_lr, 0, nameof(max_lr));
                        lowMomentum = ForEachGroup(optimizer, base_momentum, 0.8, nameof(base_momentum));
                        highMomentum = ForEachGroup(optimizer, max_momentum, 0.9, nameof(max_momentum));
                        var down = step_size_down == -1 ? step_size_up : step_size_down;
                        size = step_size_up + down;
                        rising = step_size_up / size;
                        cycleMomentum = cycle_momentum;
                        (scale, byCycle) = scale_fn is not null ? (scale_fn, scale_mode == ScaleMode.Cycle) : mode switch
                        {
                            Mode.Triangular => (_ => 1, true),
                            Mode.Triangular2 => (x => 1 / Math.Pow(2, x - 1), true),
                            Mode.ExpRange => (x => Math.Pow(gamma, x), false),
                            _ => ((Func<double, double>, bool))(scale_fn!, true),
                        };
                        if (cycle_momentum)
                        {
                            Inertia.Demand(optimizer);
                        }
                        if (last_epoch == -1)
                        {
                            for (var i = 0; i < controlled.Count; i++)
                            {
                                controlled[i].LearningRate = low[i];
                            }
                        }
                        startRates = low;
                        step();
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        var cycle = Math.Floor(1 + epoch / size);
                        var x = 1 + epoch / size - cycle;
                        var height = x <= rising ? x / rising : (x - 1) / (rising - 1);
                        var factor = scale(byCycle ? cycle : epoch);
                        if (cycleMomentum)
                        {
                            for (var i = 0; i < controlled.Count; i++)
                            {
                                Inertia.Set(controlled[i], highMomentum[i] - (highMomentum[i] - lowMomentum[i]) * height * factor);
                            }
                        }
                        return startRates.Select((low, i) => low + (top[i] - low) * height * factor);
                    }
                }

                /// <summary>Up to max_lr once, then down far below where it began, over total_steps steps.</summary>
                public class OneCycleLR : LRScheduler
                {
                    public enum AnnealStrategy { Cos, Linear }

                    private readonly int total;
                    private readonly bool cosine, cycleMomentum, threePhases;
                    private readonly double first, second;
                    private readonly List<double> top, bottom, end, lowMomentum, highMomentum;

                    public OneCycleLR(Optimizer optimizer, double max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, double base_momentum = 0.85, double max_momentum = 0.95, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : this(optimizer, Same(optimizer, max_lr), total_steps, epochs, steps_per_epoch, pct_start, anneal_strategy, cycle_momentum, Same(optimizer, base_momentum), Same(optimizer, max_momentum), div_factor, final_div_factor, three_phase, last_epoch, verbose) { }

                    public OneCycleLR(Optimizer optimizer, IEnumerable<double> max_lr, int total_steps = -1, int epochs = -1, int steps_per_epoch = -1, double pct_start = 0.3, AnnealStrategy anneal_strategy = AnnealStrategy.Cos, bool cycle_momentum = true, IEnumerable<double>? base_momentum = null, IEnumerable<double>? max_momentum = null, double div_factor = 25, double final_div_factor = 1e4, bool three_phase = false, int last_epoch = -1, bool verbose = false)
                        : base(optimizer, last_epoch, verbose)
                    {
                        if (total_steps <= 0 && (epochs <= 0 || steps_per_epoch <= 0))
                        {
                            throw new ArgumentException("total_steps, or epochs and steps_per_epoch, are to be given and positive");
                        }
                        if (pct_start is < 0 or > 1)
                        {
                            throw new ArgumentOutOfRangeException(nameof(pct_start), pct_start, "the rising part lies between 0 and 1");
                        }
                        total = total_steps > 0 ? total_steps : epochs * steps_per_epoch;
                        cosine = anneal_strategy == AnnealStrategy.Cos;
                        cycleMomentum = cycle_momentum;
                        threePhases = three_phase;
                        // Where the phases end, in steps: up, down to the beginning, and (of three) on down.
                        first = pct_start * total - 1;
                        second = three_phase ? 2 * pct_start * total - 2 : total - 1;
                        top = ForEachGroup(optimizer, max_lr, 0, nameof(max_lr));
                        bottom = top.ConvertAll(t => t / div_factor);
                        end = bottom.ConvertAll(b => b / final_div_factor);
                        lowMomentum = ForEachGroup(optimizer, base_momentum, 0.85, nameof(base_momentum));
                        highMomentum = ForEachGroup(optimizer, max_momentum, 0.95, nameof(max_momentum));
                        if (cycle_momentum)
                        {
                            Inertia.Demand(optimizer);
                        }
                        if (last_epoch == -1)
                        {
                            for (var i = 0; i < controlled.Count; i++)
                            {
                                controlled[i].InitialLearningRate = bottom[i];
                            }
                        }
                        startRates = bottom;
                        step();
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        if (epoch > total)
                        {
                            throw new InvalidOperationException($"the schedule has {total} steps, and all are taken");
                        }
                        var rates = new double[controlled.Count];
                        for (var i = 0; i < rates.Length; i++)
                        {
                            double momentum;
                            if (epoch <= first)
                            {
                                var part = epoch / first;
                                rates[i] = Between(bottom[i], top[i], part);
                                momentum = Between(highMomentum[i], lowMomentum[i], part);
                            }
                            else if (epoch <= second || !threePhases)
                            {
                                var part = (epoch - first) / (second - first);
                                rates[i] = Between(top[i], threePhases ? bottom[i] : end[i], part);
                                momentum = Between(lowMomentum[i], highMomentum[i], part);
                            }
                            else
                            {
                                rates[i] = Between(bottom[i], end[i], (epoch - second) / (total - 1 - second));
                                momentum = highMomentum[i];
                            }
                            if (cycleMomentum)
                            {
                                Inertia.Set(controlled[i], momentum);
                            }
                        }
                        return rates;
                    }

                    private double Between(double start, double end, double part) =>
                        cosine ? end + (start - end) / 2 * (1 + Math.Cos(Math.PI * part)) : (end - start) * part + start;
                }
            }
        }
    }
}
