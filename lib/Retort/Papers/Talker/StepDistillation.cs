using Retort.Decoding;
using Retort.Losses;
using Retort.Models;
using static TorchSharp.torch;

namespace Retort.Papers.Talker;

/// <summary>
/// Ours, not the paper's: a student that needs few steps, by consistency distillation (Song et al., 2023, algorithm 2) of a denoiser that
/// predicts the clean sample. Chosen over progressive distillation because its cost is one stage for all step counts: each training step
/// takes one pass of the teacher and one of the student without gradients besides the student's own.
/// </summary>
public static class StepDistillation
{
    /// <summary>
    /// The mean squared difference between what the student says at x_t and what it says, without gradient, one step of the teacher's DDIM
    /// further; on the last step that is the teacher's clean sample itself.
    /// </summary>
    /// <param name="student">begins with the teacher's weights; predicts the clean sample</param>
    /// <param name="teacher">predicts the clean sample</param>
    /// <param name="batch">a batch; its steps choose the grid's</param>
    /// <param name="grid">DDIM steps of the teacher, from the schedule's last</param>
    public static Tensor Loss(MotionDenoiser student, MotionDenoiser teacher, TalkerBatch batch, int grid = 20)
    {
        using var scope = NewDisposeScope();
        var schedule = NoiseSchedule.Published;
        var times = DdimSampler.Timesteps(grid, fromTheLast: true);
        // One grid step a batch, by the batch's own draw.
        var place = (int)(batch.Steps[0].item<long>() * grid / schedule.Steps);
        var here = full(batch.Steps.shape[0], times[place], dtype: int64);
        var noisy = schedule.Noised(batch.Clean, batch.Noise, here);
        Tensor target;
        using (no_grad())
        {
            var sample = teacher.Predict(noisy, here, batch.Condition);
            target = sample;
            if (place + 1 < grid)
            {
                var (clean, noise) = schedule.Read(DiffusionTarget.Sample, noisy, sample, times[place]);
                double a = schedule.Kept[(int)times[place + 1]];
                target = student.Predict(Math.Sqrt(a) * clean + Math.Sqrt(1 - a) * noise, full(batch.Steps.shape[0], times[place + 1], dtype: int64), batch.Condition);
            }
        }
        return MotionLosses.MeanSquared(student.Predict(noisy, here, batch.Condition), target).MoveToOuterDisposeScope();
    }
}
