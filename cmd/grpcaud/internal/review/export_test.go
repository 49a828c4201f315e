package review

// Limit sets how many kinds of calls are counted apart.
func (c *Counter) Limit(rows int) { c.maxRows = rows }
