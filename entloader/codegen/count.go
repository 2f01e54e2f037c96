package codegen

// A countModel is a method that counts what an edge has.
type countModel struct {
	// Name is the name of the method, Run that of ent's query.
	Name, Run string
	// Result is what it returns, Zero the zero value of that.
	Result, Zero string
	// Does and Limits are parts of the comment.
	Does, Limits string
}

// Counts are the methods that count the edge: there are none for an edge to one.
func (e *edgeModel) Counts() []countModel {
	if e.Unique || !e.Owner.HasOneFieldID() {
		return nil
	}
	return []countModel{
		{Name: "Count" + e.Base, Run: "Count", Result: "int", Zero: "0", Does: "counts", Limits: ", but a limit has no effect and an offset is an error"},
		{Name: "Exist" + e.Base, Run: "Exist", Result: "bool", Zero: "false", Does: "reports whether there is anything on"},
	}
}
