using System.Text.Json.Nodes;
using Retort.Plots;

namespace Retort.Tests.Plots;

public sealed class TableTest
{
    [Fact]
    public void Table_Enumerated_GivesItsRowsByColumn()
    {
        var table = new Table("arm", "score").WithRow("a", 1.5).WithRow("b", 2.5);
        Assert.Equal(4.0, table.Sum(row => (double)row["score"]!));
        Assert.Equal(["a", "b"], from row in table select (string)row["arm"]!);
    }

    [Fact]
    public void Of_Records_HasTheirPropertiesInOrder()
    {
        var table = Table.Of(Sheets.Runs);
        Assert.Equal(["Arm", "Seed", "Map", "Size"], table.Columns);
        Assert.Equal(7, table.Count);
        Assert.Equal(0.44, table[1, "Map"]);
        Assert.Equal(["name", "value"], Table.Of(new[] { new { name = "a", value = 1 } }).Columns);
    }

    [Fact]
    public void Grouped_OverSeeds_IsMeanDeviationAndStudentsInterval()
    {
        var table = Table.Of(Sheets.Runs).Grouped(["Arm"], "Map");
        Assert.Equal(["Arm", "Map", "n"], table.Columns);
        var spread = Assert.IsType<Spread>(table[0, "Map"]);
        Assert.Equal(0.43, spread.Mean, 1e-12);
        Assert.Equal(0.01, spread.Deviation, 1e-12);
        // t(2 degrees, 97.5 %) = 4.302653.
        Assert.Equal(4.302653 * 0.01 / Math.Sqrt(3), spread.HalfWidth, 1e-6);
        Assert.Equal("0.430 ± 0.010", Sheets.Table.Written()[0][1]);
        Assert.Equal("0.280", Sheets.Table.Written()[2][1]);
        Assert.Contains("column 'Size', row 0", Assert.Throws<ArgumentException>(() => Table.Of(Sheets.Runs).Grouped(["Arm"], "Size")).Message);
    }

    [Fact]
    public void Csv_OfAwkwardCells_FollowsRfc4180()
    {
        var table = new Table("a", "b").WithRow("x,\"y\"", 1.5).WithRow("two\nlines", double.NaN).WithRow(null, 1e-7f);
        Assert.Equal("a,b\r\n\"x,\"\"y\"\"\",1.5\r\n\"two\nlines\",\r\n,1E-07\r\n", table.ToCsv());
        Assert.StartsWith("arm,mAP,mAP sd,mAP low,mAP high,mAP n,n\r\nconsistent,0.43,", Sheets.Table.ToCsv());
    }

    [Fact]
    public void Html_HasNoScriptAndEscapesText()
    {
        var html = Sheets.Table.ToHtml();
        Assert.DoesNotContain("<script", html);
        Assert.Contains("hard &lt;labels&gt; &amp; more", html);
        Assert.Contains("text-align:right", html);
    }

    [Fact]
    public void TextAndMarkdown_AlignNumbersRight()
    {
        var table = new Table("arm", "mAP").WithTitle("t").WithRow("a|b", 0.12345).WithRow("c", 12.0).WithFormat("mAP", "0.00");
        Assert.Equal("t\narm    mAP\n---  -----\na|b   0.12\nc    12.00", table.ToText());
        Assert.Equal("**t**\n\n| arm | mAP |\n|---|---:|\n| a\\|b | 0.12 |\n| c | 12.00 |\n", table.ToMarkdown());
    }

    [Fact]
    public void Text_OfLargeAndSmallNumbers_HasNoExponentBelowABillion()
    {
        var table = new Table("n").WithRow(9999.4).WithRow(36684.25).WithRow(-1234567.0).WithRow(0.123456).WithRow(2e9).WithRow(4e-9);
        Assert.Equal(["9999", "36,684", "-1,234,567", "0.1235", "2E+09", "4E-09"], table.Written().Select(row => row[0]));
    }

    [Fact]
    public void Json_OfNotANumber_IsNull()
    {
        var list = JsonNode.Parse(new Table("x").WithRow(double.NaN).WithRow(0.1).ToJson())!.AsArray();
        Assert.Null(list[0]!["x"]);
        Assert.Equal(0.1, list[1]!["x"]!.GetValue<double>());
    }

    [Fact]
    public void Methods_OfUnknownColumn_NameTheColumnsThereAre() =>
        Assert.Contains("no column 'map', there are: Arm, Seed, Map, Size",
            Assert.Throws<ArgumentException>(() => Table.Of(Sheets.Runs).WithFormat("map", "0")).Message);

    [Fact]
    public void WhereSelect_KeepTheRows()
    {
        var table = Table.Of(Sheets.Runs).Where(r => (double)r("Map")! > 0.36).Select("Map", "Arm");
        Assert.Equal([0.42, 0.44, 0.43, 0.37], table["Map"].Cast<double>());
        Assert.Equal(["Map", "Arm"], table.Columns);
    }
}
