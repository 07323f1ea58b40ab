"""Pictures: of a tape (steps, drawing, svg, html, dot, table), of its rules, and of a training (plots)."""
