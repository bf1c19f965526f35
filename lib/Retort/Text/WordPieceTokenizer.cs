// WordPiece as BERT has it (Devlin et al. 2019): words by white space and punctuation, then from the left the longest piece that
// is in the vocabulary, pieces within a word marked by "##".

using System.Globalization;
using System.Text;

namespace Retort.Text;

/// <summary>
/// BERT's tokenizer, read from a vocab.txt with one token a line. Accents of Latin, Greek and Cyrillic letters are taken off where text
/// is made lower case; other scripts are read as they are written (the original takes Hangul apart, too).
/// </summary>
public sealed class WordPieceTokenizer : Tokenizer
{
    private const int LongestWord = 100;
    // Small letters with accents, each group behind the letter that is left without them. Written out, since the runtime decomposes
    // characters only where ICU is installed.
    private const string Accents =
        "aàáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ cçćĉċčḉ eèéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ iìíîïĩīĭįǐȉȋḭḯỉị nñńņňǹṅṇṉṋ " +
        "oòóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ uùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự yýÿŷȳẏẙỳỵỷỹ dďḋḍḏḑḓ gĝğġģǧǵḡ hĥȟḣḥḧḩḫẖ jĵǰ " +
        "kķǩḱḳḵ lĺļľḷḹḻḽ rŕŗřȑȓṙṛṝṟ sśŝşšșṡṣṥṧṩ tţťțṫṭṯṱẗ wŵẁẃẅẇẉẘ zźżžẑẓẕ æǣǽ ʒǯ øǿ ιΐίϊἰἱἲἳἴἵἶἷὶίῐῑῒΐῖῗ " +
        "αάἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ εέἐἑἒἓἔἕὲέ ηήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ υΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ οόὀὁὂὃὄὅὸό " +
        "ωώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ ийѝӣӥ еѐёӗ гѓ ії кќ уўӯӱӳ ѵѷ жӂӝ аӑӓ әӛ зӟ оӧ өӫ эӭ чӵ ыӹ bḃḅḇ fḟ mḿṁṃ pṕṗ vṽṿ xẋẍ " +
        "ſẛ ρῤῥ";
    private static readonly Dictionary<int, char> bases = Accents.Split(' ').SelectMany(g => g[1..].Select(c => (c, g[0]))).ToDictionary(p => (int)p.c, p => p.Item2);
    private readonly bool lowerCase;

    private WordPieceTokenizer(IReadOnlyList<string> tokens, SpecialTokens special, bool lowerCase) : base(tokens, special) => this.lowerCase = lowerCase;

    /// <summary>BERT's names of the special tokens.</summary>
    public static SpecialTokens BertTokens { get; } = new("[PAD]", "[UNK]", "[CLS]", "[SEP]");

    /// <summary>Reads a vocab.txt.</summary>
    /// <param name="path">the file</param>
    /// <param name="lowerCase">whether text is made lower case and loses its accents, as the uncased models want it</param>
    /// <exception cref="BadInputException">The file cannot be read, or lacks a special token or has a token twice.</exception>
    public static WordPieceTokenizer Load(string path, bool lowerCase = true)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path, new UTF8Encoding(false, true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            throw new BadInputException(path, "", $"cannot be read: {e.Message}", e);
        }
        try
        {
            return new WordPieceTokenizer(lines, BertTokens, lowerCase);
        }
        catch (ArgumentException e)
        {
            throw new BadInputException(path, "", e.Message.Split('\n')[0], e);
        }
    }

    /// <inheritdoc/>
    public override int[] Encode(string text)
    {
        var ids = new List<int>();
        foreach (var word in Words(text))
        {
            Pieces(word, ids);
        }
        return [.. ids];
    }

    private IEnumerable<string> Words(string text)
    {
        var word = new StringBuilder();
        foreach (var read in (lowerCase ? text.ToLowerInvariant() : text).EnumerateRunes())
        {
            var rune = lowerCase && bases.TryGetValue(read.Value, out var plain) ? new Rune(plain) : read;
            var kind = Rune.GetUnicodeCategory(rune);
            if (rune.Value is 0 or 0xFFFD || (kind is UnicodeCategory.Control or UnicodeCategory.Format && rune.Value is not ('\t' or '\n' or '\r')) || (lowerCase && kind == UnicodeCategory.NonSpacingMark))
            {
                continue;
            }
            if (rune.Value is '\t' or '\n' or '\r' || kind == UnicodeCategory.SpaceSeparator)
            {
                if (word.Length > 0)
                {
                    yield return word.ToString();
                    word.Clear();
                }
            }
            else if (IsPunctuation(rune) || IsIdeograph(rune.Value))
            {
                if (word.Length > 0)
                {
                    yield return word.ToString();
                    word.Clear();
                }
                yield return rune.ToString();
            }
            else
            {
                word.Append(rune.ToString());
            }
        }
        if (word.Length > 0)
        {
            yield return word.ToString();
        }
    }

    private void Pieces(string word, List<int> ids)
    {
        if (word.EnumerateRunes().Count() > LongestWord)
        {
            ids.Add(UnknownId);
            return;
        }
        var found = new List<int>();
        for (var at = 0; at < word.Length;)
        {
            var end = word.Length;
            int? id = null;
            for (; end > at; end--)
            {
                id = IdOf((at > 0 ? "##" : "") + word[at..end]);
                if (id is not null)
                {
                    break;
                }
            }
            if (id is null)
            {
                ids.Add(UnknownId);
                return;
            }
            found.Add(id.Value);
            at = end;
        }
        ids.AddRange(found);
    }

    // ASCII signs count even where Unicode calls them symbols: ^ $ `.
    private static bool IsPunctuation(Rune rune) => rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126) || Rune.IsPunctuation(rune);

    private static bool IsIdeograph(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private protected override string Join(IReadOnlyList<string> tokens) =>
        string.Concat(tokens.Select((t, i) => t.StartsWith("##", StringComparison.Ordinal) ? t[2..] : i == 0 ? t : " " + t));
}
