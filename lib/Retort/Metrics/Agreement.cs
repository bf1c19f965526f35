namespace Retort.Metrics;

/// <summary>Accuracy, and how closely a student follows its teacher. Score tables are items x classes, row by row.</summary>
public static class Agreement
{
    /// <summary>The share of items whose highest score stands at the true class (the first of equal ones).</summary>
    /// <param name="scores">items x classes</param>
    /// <param name="labels">one class an item</param>
    public static double Accuracy(float[] scores, IReadOnlyList<int> labels)
    {
        var classes = Classes(scores, labels.Count);
        var right = 0;
        for (var i = 0; i < labels.Count; i++)
        {
            right += Best(scores.AsSpan(i * classes, classes)) == labels[i] ? 1 : 0;
        }
        return (double)right / labels.Count;
    }

    /// <summary>The share of items where student and teacher have their highest score at the same class.</summary>
    /// <param name="student">items x classes</param>
    /// <param name="teacher">items x classes</param>
    /// <param name="classes">number of classes</param>
    public static double TopOne(float[] student, float[] teacher, int classes)
    {
        var items = Items(student, teacher, classes);
        var same = 0;
        for (var i = 0; i < items; i++)
        {
            var row = i * classes;
            same += Best(student.AsSpan(row, classes)) == Best(teacher.AsSpan(row, classes)) ? 1 : 0;
        }
        return (double)same / items;
    }

    /// <summary>
    /// KL(teacher || student) of independent yes-or-no probabilities, summed over classes, mean over items, in nats.
    /// Student probabilities are kept within [1e-7, 1 - 1e-7].
    /// </summary>
    /// <param name="student">probabilities, items x classes</param>
    /// <param name="teacher">probabilities, items x classes</param>
    /// <param name="classes">number of classes</param>
    public static double BernoulliKl(float[] student, float[] teacher, int classes)
    {
        var items = Items(student, teacher, classes);
        double sum = 0;
        for (var i = 0; i < student.Length; i++)
        {
            var q = Math.Clamp((double)student[i], 1e-7, 1 - 1e-7);
            sum += Term(teacher[i], q) + Term(1 - (double)teacher[i], 1 - q);
        }
        return sum / items;
    }

    /// <summary>
    /// KL(teacher || student) of distributions over classes, mean over items, in nats. Student probabilities are kept at
    /// 1e-7 or more.
    /// </summary>
    /// <param name="student">probabilities, items x classes, each row adding up to 1</param>
    /// <param name="teacher">probabilities, items x classes, each row adding up to 1</param>
    /// <param name="classes">number of classes</param>
    public static double CategoricalKl(float[] student, float[] teacher, int classes)
    {
        var items = Items(student, teacher, classes);
        double sum = 0;
        for (var i = 0; i < student.Length; i++)
        {
            sum += Term(teacher[i], Math.Max(student[i], 1e-7));
        }
        return sum / items;
    }

    private static double Term(double p, double q) => p <= 0 ? 0 : p * Math.Log(p / q);

    private static int Best(ReadOnlySpan<float> row)
    {
        var best = 0;
        for (var c = 1; c < row.Length; c++)
        {
            best = row[c] > row[best] ? c : best;
        }
        return best;
    }

    private static int Classes(float[] scores, int items)
    {
        if (items == 0 || scores.Length == 0 || scores.Length % items != 0)
        {
            throw new ArgumentException($"{scores.Length} scores do not fit {items} items");
        }
        return scores.Length / items;
    }

    private static int Items(float[] student, float[] teacher, int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        if (student.Length == 0 || student.Length != teacher.Length || student.Length % classes != 0)
        {
            throw new ArgumentException($"{student.Length} student and {teacher.Length} teacher scores do not fit {classes} classes");
        }
        return student.Length / classes;
    }
}
