package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"

	"github.com/entloader/entloader/ent/migrate"
	"github.com/entloader/entloader/ent/view"
)

// applicationID marks a database file as a laboratory: "entl" in ASCII. SQLite keeps it in the header of the file.
const applicationID = 0x656e746c

// The header of a database file, as SQLite documents it.
const (
	headerSize        = 100
	headerMagic       = "SQLite format 3\x00"
	headerUserVersion = 60
	headerApplication = 68
)

// recognize reports whether path is a laboratory that can be used, or false if there is nothing at path. All else is an
// error. It only reads the header: to open a foreign database could already change it, or leave files beside it.
func recognize(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, checkNoLog(path)
	case err != nil:
		return false, fmt.Errorf("entloader: cannot use the database file: %w", err)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("entloader: %s is not a file: name a database file with -db", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return false, fmt.Errorf("entloader: cannot read the database file: %w", err)
	}
	defer f.Close()
	header := make([]byte, headerSize)
	switch _, err := io.ReadFull(f, header); {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		// Too short for a database; the comparison below fails.
	case err != nil:
		return false, fmt.Errorf("entloader: cannot read the database file: %w", err)
	}
	switch {
	case string(header[:len(headerMagic)]) != headerMagic:
		return false, fmt.Errorf("entloader: %s is not an SQLite database: name another file with -db", path)
	case binary.BigEndian.Uint32(header[headerApplication:]) != applicationID:
		return false, fmt.Errorf("entloader: %s is a database that this command did not make: name another file with -db", path)
	case binary.BigEndian.Uint32(header[headerUserVersion:]) != schemaVersion():
		return false, fmt.Errorf("entloader: %s was made for another version of the schema: delete it or name another file with -db", path)
	}
	return true, nil
}

// checkNoLog refuses to make a database where the log of an old one of that name would be taken for its own.
func checkNoLog(path string) error {
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(path + suffix); err == nil {
			return fmt.Errorf("entloader: %s%s is left of a database that is gone: delete it or name another file with -db", path, suffix)
		}
	}
	return nil
}

// schemaVersion tells schemas apart by their tables and views.
func schemaVersion() uint32 {
	hash := fnv.New32a()
	for _, t := range migrate.Tables {
		fmt.Fprintln(hash, t.Name)
		for _, c := range t.Columns {
			fmt.Fprintln(hash, c.Name, c.Type, c.Nullable)
		}
	}
	fmt.Fprintln(hash, view.Backlog)
	return hash.Sum32()
}
