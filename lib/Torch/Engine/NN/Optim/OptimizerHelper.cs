using static TorchSharp.torch;
using static TorchSharp.torch.optim;

namespace TorchSharp.Modules;

/// <summary>What the optimizers share: groups of parameters, and a state for each parameter.</summary>
public abstract class OptimizerHelper : Optimizer
{
    private readonly Dictionary<Parameter, OptimizerState> states = new(ReferenceEqualityComparer.Instance);

    // What the optimizers of this engine say of themselves at their start; one of a user's own says nothing.
    private Func<OptimizerOptions>? newOptions;
    private Func<Parameter, OptimizerState>? newState;
    private OptimizerOptions? defaults;

    public OptimizerHelper() : base(0) { }

    /// <summary>Names the options that hold where a group has none of its own, and the maker of states, and adds the groups.</summary>
    private protected void Begin<TOptions>(TOptions defaults, IEnumerable<ParamGroup> groups, Func<Parameter, OptimizerState> newState) where TOptions : OptimizerOptions, new()
    {
        (newOptions, this.defaults, this.newState) = (() => new TOptions(), defaults, newState);
        foreach (var group in groups)
        {
            add_param_group(group);
        }
    }

    /// <summary>The first group's betas; setting sets every group's.</summary>
    private protected (double, double) FirstBetas
    {
        get => ((IBetas)groups[0]).Betas;
        set => groups.ForEach(g => ((IBetas)g).Betas = value);
    }

    /// <summary>The first group's momentum; setting sets every group's.</summary>
    private protected double FirstMomentum
    {
        get => ((IMomentum)groups[0]).Momentum;
        set => groups.ForEach(g => ((IMomentum)g).Momentum = value);
    }

    public override IEnumerable<Parameter> parameters() => groups.SelectMany(g => g.Parameters);

    private protected TState StateOf<TState>(Parameter parameter) where TState : OptimizerState => (TState)states[parameter];

    /// <summary>Adds a group, fills in the options that it leaves open, and makes the states of its parameters.</summary>
    /// <exception cref="ArgumentException">Options of another optimizer, or a parameter that is here already.</exception>
    public override void add_param_group(ParamGroup param_group)
    {
        if (newOptions is null || newState is null || defaults is null)
        {
            base.add_param_group(param_group);
            return;
        }
        var group = param_group;
        group.Options ??= newOptions();
        group.Options.FillFrom(defaults);
        group.Options.InitialLearningRate = group.Options.LearningRate!.Value;
        group.Parameters = group.Parameters.ToArray();
        foreach (var parameter in group.Parameters)
        {
            if (states.ContainsKey(parameter))
            {
                throw new ArgumentException("a parameter stands twice in this optimizer");
            }
        }
        groups.Add(group);
        using var guard = no_grad();
        foreach (var parameter in group.Parameters)
        {
            var state = newState(parameter);
            state.Initialize(group.Options);
            states.Add(parameter, state);
        }
    }

    /// <summary>Runs the closure with gradients, then the update of each group without.</summary>
    protected Tensor _step<T>(Action<T> body, Func<Tensor>? loss_closure = null) where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using (enable_grad())
            {
                loss = loss_closure();
            }
        }
        using (no_grad())
        using (NewDisposeScope())
        {
            foreach (var group in groups)
            {
                body((T)group);
            }
        }
        return loss!;
    }

    public override void zero_grad()
    {
        var grads = new List<Tensor>();
        foreach (var parameter in parameters())
        {
            if (Gradients.Of(parameter) is { } grad)
            {
                grads.Add(grad);
            }
        }
        if (grads.Count > 0)
        {
            using var guard = no_grad();
            Aten._foreach_zero_.Run(grads.ToArray());
        }
        grads.ForEach(g => g.Dispose());
    }

    public virtual StateDictionary state_dict()
    {
        var dictionary = new StateDictionary();
        foreach (var group in groups)
        {
            dictionary.Options.Add(group.Options);
            var places = new List<int>();
            foreach (var parameter in group.Parameters)
            {
                places.Add(dictionary.State.Count);
                dictionary.State.Add(states[parameter]);
            }
            dictionary.StateIndexRef.Add(places);
        }
        return dictionary;
    }

    /// <summary>Saves options and states in TorchSharp's own format.</summary>
    public void save_state_dict(string location)
    {
        using var writer = new BinaryWriter(File.Create(location));
        save_state_dict(writer);
    }

    public void save_state_dict(BinaryWriter writer)
    {
        var all = state_dict();
        writer.Write(GetType().Name);
        SaveFormat.Encode(writer, all.Options.Count);
        SaveFormat.Encode(writer, all.State.Count);
        all.Options.ForEach(options => options.SaveStateDict(writer));
        all.State.ForEach(state => state.SaveStateDict(writer));
    }

    /// <summary>Loads what TorchSharp or this engine saved. PyTorch's files have another format.</summary>
    /// <exception cref="InvalidDataException">Another optimizer's state.</exception>
    /// <exception cref="ArgumentException">Another number of groups or parameters, or a tensor of another type or shape.</exception>
    public void load_state_dict(string location)
    {
        using var reader = new BinaryReader(File.OpenRead(location));
        load_state_dict(reader);
    }

    public void load_state_dict(BinaryReader reader)
    {
        var name = reader.ReadString();
        if (name != GetType().Name)
        {
            throw new InvalidDataException($"Mismatched optimizer type: expected '{GetType().Name}', but found '{name}' in the loaded stream.");
        }
        var (groups, count) = (SaveFormat.Decode(reader), SaveFormat.Decode(reader));
        var all = state_dict();
        if (groups != all.Options.Count || count != all.State.Count)
        {
            throw new ArgumentException($"Invalid optimizer state: {groups} groups and {count} parameters, the optimizer has {all.Options.Count} and {all.State.Count}.");
        }
        all.Options.ForEach(options => options.LoadStateDict(reader));
        all.State.ForEach(state => state.LoadStateDict(reader));
    }

    /// <summary>Takes over options and copies of the states; the groups and their sizes must be the same.</summary>
    public virtual void load_state_dict(StateDictionary state_dict)
    {
        var own = this.state_dict();
        if (state_dict.Options.Count != own.Options.Count || state_dict.State.Count != own.State.Count)
        {
            throw new ArgumentException(
                $"the state has {state_dict.Options.Count} groups and {state_dict.State.Count} parameters, " +
                $"the optimizer {own.Options.Count} and {own.State.Count}", nameof(state_dict));
        }
        using var guard = no_grad();
        for (var i = 0; i < own.Options.Count; i++)
        {
            if (!ReferenceEquals(own.Options[i], state_dict.Options[i]))
            {
                own.Options[i].LoadStateDict(state_dict.Options[i]);
            }
        }
        for (var i = 0; i < own.State.Count; i++)
        {
            if (!ReferenceEquals(own.State[i], state_dict.State[i]))
            {
                own.State[i].LoadStateDict(state_dict.State[i]);
            }
        }
    }

    /// <summary>Moves the state to a device.</summary>
    public void to(Device device)
    {
        foreach (var state in states.Values)
        {
            state.to(device);
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
        {
            return;
        }
        foreach (var state in states.Values)
        {
            (state as IDisposable)?.Dispose();
        }
        states.Clear();
    }

    /// <summary>
    /// The parameters of a group that have a gradient, with their states. A rule that is not linear in the gradient sees complex
    /// numbers as their two parts.
    /// </summary>
    private protected Live<TState> LiveOf<TState>(ParamGroup group, bool linear = false) where TState : OptimizerState
    {
        var live = new Live<TState>(!linear);
        foreach (var parameter in group.Parameters)
        {
            if (Door.Grad(parameter.Handle) is not 0 and var grad)
            {
                live.Add(parameter, new Tensor(grad), (TState)states[parameter]);
                GC.KeepAlive(parameter);
            }
        }
        return live;
    }
}
