package remote

// FormatEmpty writes an empty reply of m as JSON.
func (m *Method) FormatEmpty() (any, error) { return m.format(m.reply()) }
