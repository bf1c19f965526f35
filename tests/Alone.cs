namespace Retort.Tests;

/// <summary>Tests that count what the whole process holds (live tensors, threads, memory) or set what is global run alone.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
