// Package schema describes the tables of the Chinook sample database as they
// are. Nothing is ever migrated, so it says what reading needs to know:
//
//   - Tables and columns keep their names, by annotation and storage key.
//   - A column that may be NULL is a nillable field.
//   - A foreign key is a field, as it is a column. That is more than a matter of
//     taste: Album.ArtistId has the name of Artist.ArtistId, and ent v0.14.6 takes
//     the id of the album for such a key if it is only named by edge.Column.
//   - What no Go type says exactly (prices, dates) has a type in package column.
//
// Lengths, as in NVARCHAR(160), are left out: SQLite does not look at them.
package schema
