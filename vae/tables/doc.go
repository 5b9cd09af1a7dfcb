// Package tables holds variational auto-encoders of tables: rows of numbers, categories and missing cells.
//
// A file is read twice. The first reading says what each column is ([Survey], [Schema]), the second turns cells into codes of four bytes
// ([Table]). A column that is modelled is a [Column]: what was learned of it before there is a network, which is its values or its grid, and how
// they are distributed. The decoder begins at exactly these distributions, all independent of each other, and learns what z has to say.
//
// log p(row|z) is a sum over columns, and stays apart for explanations: [Model.Score].
package tables
