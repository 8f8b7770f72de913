package storage

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm/logger"
)

// statementLog writes each statement of GORM to a slog.Logger at the debug level, with placeholders
// instead of values. It does not log errors. They are returned, and the caller logs them once.
type statementLog struct {
	log *slog.Logger
	now func() time.Time
}

func (l statementLog) LogMode(logger.LogLevel) logger.Interface { return l }
func (l statementLog) Info(context.Context, string, ...any)     {}
func (l statementLog) Warn(context.Context, string, ...any)     {}
func (l statementLog) Error(context.Context, string, ...any)    {}

// ParamsFilter implements gorm.ParamsFilter. It removes the values, so that GORM does not write
// them into the text.
func (l statementLog) ParamsFilter(_ context.Context, statement string, _ ...any) (string, []any) {
	return statement, nil
}

func (l statementLog) Trace(ctx context.Context, begin time.Time, statement func() (string, int64), err error) {
	if !l.log.Enabled(ctx, slog.LevelDebug) {
		return
	}

	text, rows := statement()
	l.log.DebugContext(ctx, "statement",
		"sql", text, "rows", rows, "took", l.now().Sub(begin), "failed", err != nil)
}
