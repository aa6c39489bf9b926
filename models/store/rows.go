package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm/schema"
)

// jsonOf keeps a value that is only ever read whole as JSON in one column.
type jsonOf[T any] struct{ V T }

func (j jsonOf[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

func (j *jsonOf[T]) Scan(src any) error {
	switch b := src.(type) {
	case string:
		return json.Unmarshal([]byte(b), &j.V)
	case []byte:
		return json.Unmarshal(b, &j.V)
	}
	return fmt.Errorf("scan JSON from a %T", src)
}

// GormDataType tells GORM that this struct is a column, not a relation.
func (jsonOf[T]) GormDataType() string { return "json" }

// opt is NULL for the zero time; val is its inverse.
func opt(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func val(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// table is what GORM knows of a row struct, for the statements that GORM does
// not write itself.
type table[R any] struct {
	name    string
	fields  []*schema.Field
	columns []string
	head    string // SELECT … WHERE
}

func tableOf[R any]() table[R] {
	s, err := schema.Parse(new(R), &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		panic(fmt.Sprintf("row struct %T: %v", *new(R), err))
	}
	t := table[R]{name: s.Table}
	for _, f := range s.Fields {
		if f.DBName != "" {
			t.fields = append(t.fields, f)
			t.columns = append(t.columns, f.DBName)
		}
	}
	t.head = "SELECT " + strings.Join(t.columns, ", ") + " FROM " + t.name + " WHERE "
	return t
}

// sel is SELECT of every column, up to the condition.
func (t table[R]) sel(where string) string { return t.head + where }

// into reads one row of sel.
func (t table[R]) into(row *R) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.fields))
	for i, f := range t.fields {
		out[i] = f.ReflectValueOf(context.Background(), v).Addr().Interface()
	}
	return out
}

// collect is a stmt's each that appends every row to list.
func (t table[R]) collect(list *[]R) func(scanner) error {
	return func(s scanner) error {
		var row R
		if err := s.Scan(t.into(&row)...); err != nil {
			return fmt.Errorf("read a row of %s: %w", t.name, err)
		}
		*list = append(*list, row)
		return nil
	}
}

func (t table[R]) values(row *R) []any {
	v := reflect.ValueOf(row).Elem()
	out := make([]any, len(t.fields))
	for i, f := range t.fields {
		out[i] = f.ReflectValueOf(context.Background(), v).Interface()
	}
	return out
}

// insert adds rows, leaving out the columns that the database fills in.
func (t table[R]) insert(rows []R, except ...string) stmt {
	var columns []string
	for _, c := range t.columns {
		if !slices.Contains(except, c) {
			columns = append(columns, c)
		}
	}
	var args []any
	for i := range rows {
		for j, v := range t.values(&rows[i]) {
			if !slices.Contains(except, t.columns[j]) {
				args = append(args, v)
			}
		}
	}
	return stmt{sql: insertSQL(t.name, columns, len(rows)), args: args}
}

// rowsAtOnce keeps one statement below what either database takes of arguments.
const rowsAtOnce = 500

// keep adds rows, or overwrites those that have the same key.
func (t table[R]) keep(rows []R, key ...string) []stmt {
	var set []string
	for _, c := range t.columns {
		if !slices.Contains(key, c) {
			set = append(set, c+" = excluded."+c)
		}
	}
	var out []stmt
	for part := range slices.Chunk(rows, rowsAtOnce) {
		add := t.insert(part)
		add.sql += " ON CONFLICT (" + strings.Join(key, ", ") + ") DO UPDATE SET " + strings.Join(set, ", ")
		out = append(out, add)
	}
	return out
}

// update writes the columns in which after differs from before, and false when
// there are none. Zero values are written like any other.
func (t table[R]) update(before, after *R, where string, args ...any) (stmt, bool) {
	var set []string
	var values []any
	was, is := t.values(before), t.values(after)
	for i, column := range t.columns {
		if !same(was[i], is[i]) {
			set = append(set, column+" = ?")
			values = append(values, is[i])
		}
	}
	return stmt{
		sql:  "UPDATE " + t.name + " SET " + strings.Join(set, ", ") + " WHERE " + where,
		args: append(values, args...),
	}, len(set) > 0
}

// same compares two columns as the database would.
func same(a, b any) bool {
	switch x := a.(type) {
	case time.Time:
		return x.Equal(b.(time.Time))
	case *time.Time:
		y := b.(*time.Time)
		return x == y || x != nil && y != nil && x.Equal(*y)
	case driver.Valuer:
		v, err1 := x.Value()
		w, err2 := b.(driver.Valuer).Value()
		return err1 == nil && err2 == nil && v == w
	}
	return a == b
}
