namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        public static partial class lr_scheduler
        {
            public static partial class impl
            {
                /// <summary>Lowers the rate when a metric has stopped improving.</summary>
                public class ReduceLROnPlateau : LRScheduler
                {
                    private readonly bool smaller, relative;
                    private readonly double factor, threshold, eps;
                    private readonly int patience, cooldown;
                    private readonly List<double> floors;
                    private double best;
                    private int badEpochs, coolingLeft;

                    public ReduceLROnPlateau(Optimizer optimizer, string mode = "min", double factor = 0.1, int patience = 10, double threshold = 1e-4, string threshold_mode = "rel", int cooldown = 0, IList<double>? min_lr = null, double eps = 1e-8, bool verbose = false)
                        : base(optimizer, 0, verbose)
                    {
                        if (factor >= 1)
                        {
                            throw new ArgumentOutOfRangeException(nameof(factor), factor, "the factor lies below 1");
                        }
                        smaller = mode switch { "min" => true, "max" => false, _ => throw new ArgumentException("min or max", nameof(mode)) };
                        relative = threshold_mode switch { "rel" => true, "abs" => false, _ => throw new ArgumentException("rel or abs", nameof(threshold_mode)) };
                        this.factor = factor;
                        this.patience = patience;
                        this.threshold = threshold;
                        this.cooldown = cooldown;
                        this.eps = eps;
                        floors = min_lr switch
                        {
                            null or { Count: 0 } => [.. controlled.Select(_ => 0.0)],
                            { Count: 1 } => [.. controlled.Select(_ => min_lr[0])],
                            _ when min_lr.Count == controlled.Count => [.. min_lr],
                            _ => throw new ArgumentException($"{controlled.Count} groups and {min_lr.Count} floors", nameof(min_lr)),
                        };
                        best = smaller ? double.PositiveInfinity : double.NegativeInfinity;
                    }

                    public override void step() => throw new InvalidOperationException("step(current) is to be called with the watched metric");

                    public override void step(int? epoch) => throw new InvalidOperationException("step(current) is to be called with the watched metric");

                    public override void step(double current, int? epoch = null)
                    {
                        this.epoch = epoch ?? this.epoch + 1;
                        if (Better(current))
                        {
                            best = current;
                            badEpochs = 0;
                        }
                        else
                        {
                            badEpochs++;
                        }
                        if (coolingLeft > 0)
                        {
                            coolingLeft--;
                            badEpochs = 0;
                        }
                        if (badEpochs > patience)
                        {
                            Set(controlled.Select((g, i) => Lowered(g.LearningRate, floors[i])).ToList());
                            coolingLeft = cooldown;
                            badEpochs = 0;
                        }
                    }

                    private double Lowered(double rate, double floor)
                    {
                        var next = Math.Max(rate * factor, floor);
                        return rate - next > eps ? next : rate;
                    }

                    private bool Better(double value) => (smaller, relative) switch
                    {
                        (true, true) => value < best * (1 - threshold),
                        (true, false) => value < best - threshold,
                        (false, true) => value > best * (threshold + 1),
                        (false, false) => value > best + threshold,
                    };
                }

                /// <summary>Several schedules, each stepped at every step.</summary>
                public class ChainedLR : LRScheduler
                {
                    private readonly List<LRScheduler> schedules;

                    public ChainedLR(IEnumerable<LRScheduler> schedulers)
                    {
                        schedules = schedulers.ToList();
                        if (schedules.Count == 0 || schedules.Any(s => !ReferenceEquals(s.optimizer, schedules[0].optimizer)))
                        {
                            throw new ArgumentException("chained schedules are at least one, and of one optimizer", nameof(schedulers));
                        }
                        lastRates = [.. schedules[^1].lastRates];
                    }

                    public override void step()
                    {
                        schedules.ForEach(s => s.step());
                        lastRates = schedules[^1].controlled.ConvertAll(g => g.LearningRate);
                    }
                }

                /// <summary>One schedule until its milestone, then the next, each counting from its own beginning.</summary>
                public class SequentialLR : LRScheduler
                {
                    private readonly List<LRScheduler> schedules;
                    private readonly List<int> milestones;

                    public SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones, int last_epoch = -1) : base(optimizer, last_epoch + 1)
                    {
                        schedules = schedulers.ToList();
                        this.milestones = milestones.ToList();
                        if (schedules.Count == 0 || schedules.Any(s => !ReferenceEquals(s.optimizer, optimizer)))
                        {
                            throw new ArgumentException("the schedules are at least one, and of the given optimizer", nameof(schedulers));
                        }
                        if (this.milestones.Count != schedules.Count - 1)
                        {
                            throw new ArgumentException($"{schedules.Count} schedules need {schedules.Count - 1} milestones, not {this.milestones.Count}", nameof(milestones));
                        }
                        // Each schedule set its first rate when it was made; all is taken back, and the first begins again.
                        controlled.ForEach(g => g.LearningRate = g.InitialLearningRate);
                        schedules.ForEach(s => s.epoch--);
                        schedules[0].step();
                        lastRates = [.. schedules[0].lastRates];
                    }

                    protected override IEnumerable<double> get_lr()
                    {
                        var at = milestones.Count(m => m <= epoch);
                        if (at > 0 && milestones[at - 1] == epoch)
                        {
                            schedules[at].step(0);
                        }
                        else
                        {
                            schedules[at].step();
                        }
                        return schedules[at].lastRates;
                    }
                }
            }
        }
    }
}
