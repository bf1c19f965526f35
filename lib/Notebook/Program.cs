Console.WriteLine("retort-notebook");
