using Retort.Training;

namespace Retort.Tests.Training;

public sealed class ShardTest
{
    public static TheoryData<string, int, int> Environments => new()
    {
        { "", 0, 1 },
        { "RETORT_SHARD=2/5", 2, 5 },
        { "RANK=1 WORLD_SIZE=3", 1, 3 },
        { "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=8", 7, 8 },
        { "SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=5", 2, 4 },
        { "SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_STEP=2", 3, 4 },
        { "JOB_COMPLETION_INDEX=1 JOB_COMPLETION_COUNT=2", 1, 2 },
        { "RETORT_SHARD=0/2 RANK=1 WORLD_SIZE=3", 0, 2 },
    };

    private static Dictionary<string, string> Variables(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=')).ToDictionary(v => v[0], v => v[1]);

    [Theory]
    [MemberData(nameof(Environments))]
    public void FromEnvironment_KnownVariables_GivesTheShare(string variables, int index, int count) =>
        Assert.Equal(new Shard(index, count), Shard.FromEnvironment(Variables(variables)));

    [Theory]
    [InlineData("RETORT_SHARD=5/5", "RETORT_SHARD")]
    [InlineData("RETORT_SHARD=5", "RETORT_SHARD")]
    [InlineData("RANK=1", "RANK")]
    [InlineData("RANK=x WORLD_SIZE=3", "RANK")]
    [InlineData("RANK=3 WORLD_SIZE=3", "RANK")]
    [InlineData("JOB_COMPLETION_INDEX=1", "JOB_COMPLETION_INDEX")]
    public void FromEnvironment_UnusableVariables_NamesThem(string variables, string name) =>
        Assert.Equal(name, Assert.Throws<BadInputException>(() => Shard.FromEnvironment(Variables(variables))).Place);

    [Theory]
    [InlineData(1, 10)]
    [InlineData(3, 10)]
    [InlineData(7, 5)]
    public void Owns_AllShards_CoverEachItemOnce(int count, int items)
    {
        for (var item = 0; item < items; item++)
        {
            Assert.Single(Enumerable.Range(0, count), index => new Shard(index, count).Owns(item));
        }
    }
}
