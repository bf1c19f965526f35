using Retort.Notebook;

namespace Retort.Tests.Notebook;

/// <summary>The display functions that cells call without a using.</summary>
public class DisplayTest
{
    [Fact]
    public async Task Display_InItsThreeForms_ShowsTheValue()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("display(1);\n2.Display();\n\"<b>3</b>\".DisplayAs(\"text/html\");");
        var shown = cells.Outputs.OfType<DisplayOutput>().ToList();
        Assert.Equal(["1", "2", null], shown.Select(output => output.Data["text/plain"]));
        Assert.Equal("<b>3</b>", shown[2].Data["text/html"]);
        Assert.Equal(3, shown.Select(output => output.DisplayId).Distinct().Count());
    }

    [Fact]
    public async Task Display_WithMimeTypes_ShowsExactlyThose()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("display(new { A = 1 }, \"application/json\", \"text/plain\");");
        var data = Assert.Single(cells.Outputs.OfType<DisplayOutput>()).Data;
        Assert.Equal(["application/json", "text/plain"], data.Items.Select(item => item.MimeType));
        Assert.Equal("{\"A\":1}", data["application/json"]);
    }

    [Fact]
    public async Task Update_KeepsPlaceAndMimeTypes()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("var d = display(1, \"text/plain\");\nd.Update(2);");
        await cells.Run("d.Update(\"three\");");
        var id = Assert.Single(cells.Outputs.OfType<DisplayOutput>()).DisplayId;
        var updates = cells.Outputs.OfType<UpdateOutput>().ToList();
        Assert.All(updates, update => Assert.Equal(id, update.DisplayId));
        Assert.Equal(["2", "three"], updates.Select(update => update.Data["text/plain"]));
        Assert.All(updates, update => Assert.Single(update.Data.Items));
    }

    [Fact]
    public async Task Update_InAFastLoop_SendsFewAndTheLast()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("var d = display(0);\nfor (int i = 1; i <= 100_000; i++) d.Update(i);");
        var updates = cells.Outputs.OfType<UpdateOutput>().ToList();
        Assert.InRange(updates.Count, 1, 100);
        Assert.Equal("100000", updates[^1].Data["text/plain"]);
    }

    [Fact]
    public async Task Html_AsTrailingValueAndInAList_IsSentAsItStands()
    {
        using var cells = await Cells.StartAsync();
        Assert.Equal("<i>x</i>", await cells.Value("HTML(\"<i>x</i>\")", "text/html"));
        Assert.Equal("<i>y</i>", await cells.Value("new[] { HTML(\"<i>y</i>\") }", "text/html"));
    }

    [Fact]
    public async Task DisplayedValue_AsTrailingValue_IsNotShownAgain()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("display(5)");
        Assert.Single(cells.Outputs);
    }

    [Fact]
    public async Task DisplayTable_HasTheMembersAsColumns()
    {
        using var cells = await Cells.StartAsync();
        await cells.Run("new[] { new { A = 1, B = \"x<y\" } }.DisplayTable();\nEnumerable.Range(0, 2).Select(i => new { I = i }).DisplayTable(\"application/vnd.dataresource+json\");");
        var shown = cells.Outputs.OfType<DisplayOutput>().ToList();
        Assert.Equal("<table><thead><tr><th scope=\"col\">index</th><th scope=\"col\">A</th><th scope=\"col\">B</th></tr></thead><tbody><tr><td>0</td><td>1</td><td>x&lt;y</td></tr></tbody></table>", shown[0].Data["text/html"]);
        Assert.Equal("{\"profile\":\"tabular-data-resource\",\"schema\":{\"fields\":[{\"name\":\"I\",\"type\":\"integer\"}]},\"data\":[{\"I\":0},{\"I\":1}]}", shown[1].Data["application/vnd.dataresource+json"]);
    }

    [Fact]
    public void Display_OutsideOfCells_WritesToTheConsole()
    {
        var displayed = Kernel.display(3);
        Assert.Equal(["text/html", "text/plain"], displayed.MimeTypes);
    }
}
