namespace TorchSharp;

public static partial class torch
{
    public static partial class optim
    {
        /// <summary>Schedules of the learning rate. A new one sets the rate of epoch 0 at once; each step moves on by one.</summary>
        public static partial class lr_scheduler
        {
            public abstract class LRScheduler
            {
                internal readonly Optimizer optimizer = null!;
                internal readonly List<ILearningRateController> controlled = [];
                internal List<double> startRates = [];
                internal List<double> lastRates = [];
                internal int epoch;
                private readonly bool verbose;

                protected LRScheduler() { }

                protected LRScheduler(Optimizer optimizer, int last_epoch = -1, bool verbose = false)
                {
                    ArgumentNullException.ThrowIfNull(optimizer);
                    this.optimizer = optimizer;
                    this.verbose = verbose;
                    epoch = last_epoch;
                    controlled = optimizer.ParamGroups.ToList();
                    startRates = controlled.ConvertAll(g => g.InitialLearningRate);
                    lastRates = controlled.ConvertAll(g => g.LearningRate);
                }

                public virtual void step() => step(null);

                /// <summary>To the given epoch, by the closed form where there is one; or to the next.</summary>
                public virtual void step(int? epoch)
                {
                    this.epoch = epoch ?? this.epoch + 1;
                    // Once a step only: some schedules change their own or the optimizer's state in it.
                    Set((epoch is null ? get_lr() : get_closed_form_lr()).ToList());
                }

                /// <summary>The metric matters to schedules that watch one, and to no other.</summary>
                public virtual void step(double current, int? epoch = null) => step(epoch);

                protected virtual IEnumerable<double> get_lr() => controlled.Select(g => g.LearningRate);

                protected virtual IEnumerable<double> get_closed_form_lr() => get_lr();

                public IEnumerable<double> get_last_lr() => lastRates;

                internal void Set(List<double> rates)
                {
                    for (var i = 0; i < rates.Count; i++)
                    {
                        controlled[i].LearningRate = rates[i];
                        if (verbose && lastRates[i] != rates[i])
                        {
                            Console.WriteLine($"Adjusting learning rate to {rates[i]}");
                        }
                    }
                    lastRates = rates;
                }

                /// <summary>The starting rates, each times a number.</summary>
                private protected IEnumerable<double> Scaled(double factor) => startRates.Select(r => r * factor);

                /// <summary>The present rates, each times a number.</summary>
                private protected IEnumerable<double> Times(double factor) => controlled.Select(g => g.LearningRate * factor);
            }
        }
    }
}
