package store

import (
	"context"
	"time"
)

// clockApart is how far the clocks of two nodes may be from each other without a job being done too often: more than a
// node may be off and still be ready.
const clockApart = time.Minute

// Once does the work of a job if it is due, in a unit which also says when it is due again: of all nodes that find it due
// at the same time, one does it. A node that dies in the middle, or is paused and wakes up too late, has done nothing, and
// the next that looks does it. When the work says that there is more, it goes on in another unit.
//
// The time is the wall's, in a demonstration too. A job that a clock far ahead of ours put off for longer than every is due.
func (s *Store) Once(ctx context.Context, job string, every time.Duration, work func(ctx context.Context) (more bool, err error)) error {
	for more := true; more && ctx.Err() == nil; {
		due, err := s.due(ctx, job, every)
		if err != nil || !due {
			return err
		}
		err = s.Do(ctx, func(ctx context.Context) error {
			more = false
			mine, err := s.takeJob(ctx, job, every)
			if err == nil && mine {
				more, err = work(ctx)
			}
			if err == nil && more {
				_, err = s.exec(ctx, `UPDATE jobs SET due_at = ran_at WHERE name = $1`, job)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// due looks, without a lock and at no cost, whether it is worth trying to take a job.
func (s *Store) due(ctx context.Context, job string, every time.Duration) (bool, error) {
	var at time.Time
	ok, err := found(s.queryRow(ctx, `SELECT due_at FROM jobs WHERE name = $1`, job).Scan(&at))
	now := s.Wall()
	return err == nil && (!ok || !at.After(now) || at.After(now.Add(every+clockApart))), err
}

func (s *Store) takeJob(ctx context.Context, job string, every time.Duration) (bool, error) {
	now := s.Wall()
	n, err := s.exec(ctx, `INSERT INTO jobs (name, due_at, ran_at, node) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at, ran_at = excluded.ran_at, node = excluded.node
		WHERE jobs.due_at <= excluded.ran_at OR jobs.due_at > $5`, job, now.Add(every), now, s.Node, now.Add(every+clockApart))
	return n == 1, err
}
